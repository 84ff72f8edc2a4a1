import type { AMQPMessage, AMQPProperties } from "@cloudamqp/amqp-client";
import {
  ATTEMPT,
  DEAD_AT,
  DEAD_QUEUE,
  DEAD_REASON,
  type HeaderValue,
  type Message,
  type MessageHeaders,
} from "../broker.ts";
import { isDelayQueue } from "./delay_levels.ts";

/** Header that keeps the expiration of a message while it is delayed. */
export const SET_ASIDE_EXPIRATION = "proxymq-expiration";

const empty = new Uint8Array(0);
const serversOwn = /^x-(?:death$|first-death-|last-death-|delivery-count$|acquired-count$|opt-)/;

/** What a received message says beside itself. */
export interface Received {
  readonly message: Message;
  readonly attempt: number;
  readonly redeliveries: number;
}

type Mutable<T> = { -readonly [name in keyof T]: T[name] };
type Fields = { [name: string]: unknown };

/**
 * Turns a message of the client library into one of the contract. The server's own headers are
 * taken out of it; those that tell of a dead letter become the contract's.
 *
 * @param queue the queue that it was consumed from.
 */
export function readMessage(received: AMQPMessage, queue: string): Received {
  const { properties } = received;
  const fields: Fields = properties.headers ?? {};
  const headers = readHeaders(fields);
  const message: Mutable<Message> = { body: received.body ?? empty, headers };
  copyProperties(message, properties);
  const setAside = headers[SET_ASIDE_EXPIRATION];
  if (typeof setAside === "number") {
    message.expiration = setAside;
    delete headers[SET_ASIDE_EXPIRATION];
  }
  if (headers[DEAD_REASON] === undefined) addDeath(headers, fields, queue);
  return {
    message,
    attempt: positive(headers[ATTEMPT]) ?? 1,
    redeliveries: redeliveries(fields),
  };
}

/**
 * Since RabbitMQ 4.3 the one count is of failures alone, in which what a consumer has held for too
 * long is not; the other is of all.
 */
function redeliveries(fields: Fields): number {
  return positive(fields["x-acquired-count"]) ?? positive(fields["x-delivery-count"]) ?? 0;
}

function copyProperties(message: Mutable<Message>, properties: AMQPProperties): void {
  const { contentType, correlationId, deliveryMode, expiration, messageId } = properties;
  const { priority, replyTo, timestamp, type } = properties;
  if (messageId !== undefined) message.messageId = messageId;
  if (correlationId !== undefined) message.correlationId = correlationId;
  if (replyTo !== undefined) message.replyTo = replyTo;
  if (contentType !== undefined) message.contentType = contentType;
  if (type !== undefined) message.type = type;
  if (priority !== undefined) message.priority = priority;
  if (timestamp !== undefined) {
    const ms = timestamp.getTime();
    if (!Number.isNaN(ms)) message.timestamp = ms;
  }
  if (expiration !== undefined && /^\d+$/.test(expiration)) message.expiration = Number(expiration);
  message.durable = deliveryMode === 2;
}

function readHeaders(fields: Fields): Mutable<MessageHeaders> {
  const headers: Mutable<MessageHeaders> = {};
  for (const name of Object.keys(fields)) {
    if (name.charCodeAt(0) === 120 && serversOwn.test(name)) continue;
    const value = readField(fields[name]);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

/** Undefined for what the contract does not know: null, bytes, fractions, unsafe integers. */
function readField(field: unknown): HeaderValue | undefined {
  if (typeof field === "string" || typeof field === "boolean") return field;
  if (typeof field === "number") return Number.isSafeInteger(field) ? field : undefined;
  if (typeof field !== "object" || field === null || ArrayBuffer.isView(field)) return undefined;
  if (field instanceof Date) return readField(field.getTime());
  if (Array.isArray(field)) return field.map(readField).filter((item) => item !== undefined);
  const table: Mutable<MessageHeaders> = {};
  for (const [name, inner] of Object.entries(field)) {
    const value = readField(inner);
    if (value !== undefined) table[name] = value;
  }
  return table;
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/**
 * A message that the server itself moved to a dead-letter queue says so in `x-death`, the latest
 * death first. It is a dead letter unless its latest death was in a level of a delay, or in the
 * very queue that it comes from now (an operator moved it back).
 */
function addDeath(headers: Mutable<MessageHeaders>, fields: Fields, queue: string): void {
  const deaths = fields["x-death"];
  const latest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof latest !== "object" || latest === null) return;
  const death = latest as Fields;
  const lastQueue = fields["x-last-death-queue"] ?? death["queue"];
  const reason = fields["x-last-death-reason"] ?? death["reason"];
  if (typeof lastQueue !== "string" || typeof reason !== "string") return;
  if (lastQueue === queue || isDelayQueue(lastQueue)) return;
  headers[DEAD_REASON] = reason;
  headers[DEAD_QUEUE] = lastQueue;
  if (death["time"] instanceof Date) headers[DEAD_AT] = death["time"].getTime();
}
