import type { KafkaRecord, RecordsBatch } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import type { Message, MessageHeaders } from "../broker.ts";

/**
 * A record that is to be appended. Names and texts are Kafka's record headers; the key is null but
 * where records replace each other.
 */
export interface NewRecord {
  readonly key?: Buffer;
  readonly value: Buffer | undefined;
  readonly headers: Map<Buffer, Buffer>;
  /** Epoch milliseconds; without it, now. */
  readonly timestamp?: number;
}

/** A record that was read. */
export interface ReadRecord {
  readonly offset: bigint;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: string | undefined;
  readonly value: Uint8Array | undefined;
  readonly fields: ReadonlyMap<string, string>;
}

/** Fields of a record beside those of its message. */
export type Extra = Readonly<Record<string, string>>;

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

const nothing = Buffer.alloc(0);
const names = new Map<string, Buffer>();
const texts = {
  message_id: "messageId",
  correlation_id: "correlationId",
  reply_to: "replyTo",
  content_type: "contentType",
  type: "type",
} as const satisfies Record<string, keyof Message>;
const numbers = ["priority", "timestamp", "expiration"] as const;
const transient = "1";

/** What a message takes beside its body, about, bytes. */
export function headerBytes(record: NewRecord): number {
  let sum = 0;
  for (const [name, value] of record.headers) sum += name.length + value.length;
  return sum;
}

/** A message as a record, with fields beside it. The body is not copied. */
export function encodeRecord(message: Message, extra: Extra = {}, timestamp?: number): NewRecord {
  const { body } = message;
  const headers = new Map<Buffer, Buffer>();
  const set = (name: string, value: string) => headers.set(nameOf(name), Buffer.from(value));
  for (const [field, property] of Object.entries(texts)) {
    const value = message[property as (typeof texts)[keyof typeof texts]];
    if (value !== undefined) set(field, value);
  }
  for (const name of numbers) {
    const value = message[name];
    if (value !== undefined) set(name, `${value}`);
  }
  if (message.durable === false) set("delivery_mode", transient);
  set("headers", JSON.stringify(message.headers));
  for (const [name, value] of Object.entries(extra)) set(name, value);
  return {
    value: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    headers,
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}

/** A record as the message that it is; what makes no sense is left out. */
export function decodeRecord({ value, fields }: ReadRecord): Message {
  const message: Mutable<Message> = {
    body: value ?? nothing,
    headers: headersOf(fields.get("headers")),
    durable: fields.get("delivery_mode") !== transient,
  };
  for (const [field, property] of Object.entries(texts)) {
    const text = fields.get(field);
    if (text !== undefined) message[property as (typeof texts)[keyof typeof texts]] = text;
  }
  for (const name of numbers) {
    const number = numberOf(fields.get(name));
    if (number !== undefined) message[name] = number;
  }
  return message;
}

/** A field that is a whole number. */
export function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** The records of batches, in their order. */
export function* readRecords(batches: Iterable<RecordsBatch>): Iterable<ReadRecord> {
  for (const batch of batches) {
    if ((batch.attributes & controlBatch) !== 0) continue;
    const appendTime = (batch.attributes & logAppendTime) !== 0;
    for (const record of batch.records) {
      yield {
        offset: batch.firstOffset + BigInt(record.offsetDelta),
        timestamp: Number(
          appendTime ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta,
        ),
        key: record.key === null ? undefined : record.key.toString(),
        value: record.value ?? undefined,
        fields: fieldsOf(record),
      };
    }
  }
}

const logAppendTime = 8;
const controlBatch = 32;

function fieldsOf({ headers }: KafkaRecord): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of headers) {
    if (name && value) fields.set(name.toString(), value.toString());
  }
  return fields;
}

function headersOf(json: string | undefined): MessageHeaders {
  if (json === undefined) return {};
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as MessageHeaders;
    }
  } catch {
    // As if it had none.
  }
  return {};
}

function nameOf(name: string): Buffer {
  const known = names.get(name);
  if (known) return known;
  const bytes = Buffer.from(name);
  if (names.size < 100) names.set(name, bytes);
  return bytes;
}
