import type { Message, MessageHeaders } from "../broker.ts";
import { MessageTooLargeError } from "../errors.ts";
import { type Argument, bytes, listOf, type Reply, textOf } from "./client.ts";

/** The largest body, bytes. Redis takes half a gigabyte, but stands still while it moves one. */
export const maxMessageBytes = 128 * 1024 * 1024;
/** The most that properties and headers may take as text, bytes. */
export const maxHeaderBytes = 1024 * 1024;

/** The text properties of a message, with the names of their fields. */
const texts = {
  messageId: "message_id",
  correlationId: "correlation_id",
  replyTo: "reply_to",
  contentType: "content_type",
  type: "type",
} as const;
const numbers = {
  priority: "priority",
  timestamp: "timestamp",
  expiration: "expiration",
} as const;

const names = new Map<string, keyof typeof texts | keyof typeof numbers>(
  [...Object.entries(texts), ...Object.entries(numbers)].map((
    [property, field],
  ) => [field, property as keyof typeof texts | keyof typeof numbers]),
);

/**
 * A message as the names and values of a stream entry. What it does not say has no field.
 * @throws {MessageTooLargeError} over {@link maxMessageBytes} or {@link maxHeaderBytes}.
 */
export function encode(message: Message): Argument[] {
  const { body, headers, durable } = message;
  if (body.byteLength > maxMessageBytes) {
    throw new MessageTooLargeError(
      `a body of ${body.byteLength} bytes is over the limit of ${maxMessageBytes}`,
    );
  }
  const head: string[] = [];
  for (const [property, field] of names.entries()) {
    const value = message[field];
    if (value !== undefined) head.push(property, String(value));
  }
  if (durable === false) head.push("delivery_mode", "1");
  head.push("headers", encodeHeaders(headers));
  const length = head.reduce((sum, text) => sum + text.length, 0);
  if (length > maxHeaderBytes / 3) checkHead(head);
  return [...head, "body", bytes(body)];
}

/** Headers as the text of their field. */
export function encodeHeaders(headers: MessageHeaders): string {
  return JSON.stringify(headers);
}

/**
 * The message again, from the fields of an entry. What is not known is left out, and so are headers
 * that are no JSON object.
 */
export function decode(reply: Reply | undefined): Message {
  const fields = listOf(reply);
  const message: Mutable<Message> = { headers: {}, body: new Uint8Array(0) };
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = textOf(fields[at]);
    const value = fields[at + 1];
    const property = names.get(name);
    if (property === "priority" || property === "timestamp" || property === "expiration") {
      const number = Number(textOf(value));
      if (Number.isFinite(number)) message[property] = number;
    } else if (property) message[property] = textOf(value);
    else if (name === "body" && value instanceof Uint8Array) message.body = value;
    else if (name === "headers") message.headers = decodeHeaders(textOf(value));
    else if (name === "delivery_mode" && textOf(value) === "1") message.durable = false;
  }
  return message;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function decodeHeaders(text: string): MessageHeaders {
  try {
    const value: unknown = JSON.parse(text);
    return isTable(value) ? value : {};
  } catch {
    return {};
  }
}

function isTable(value: unknown): value is MessageHeaders {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkHead(head: readonly string[]): void {
  const encoder = new TextEncoder();
  const length = head.reduce((sum, text) => sum + encoder.encode(text).byteLength, 0);
  if (length <= maxHeaderBytes) return;
  throw new MessageTooLargeError(
    `headers of ${length} bytes are over the limit of ${maxHeaderBytes}`,
  );
}
