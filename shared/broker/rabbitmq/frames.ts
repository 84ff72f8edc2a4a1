import type { Message } from "../broker.ts";
import { MessageTooLargeError } from "../errors.ts";
import {
  tableBound,
  textBound,
  writeInt64,
  writeShortText,
  writeTable,
  writeUint16,
  writeUint32,
} from "./fields.ts";
import type { Outbox } from "./outbox.ts";

const frameEnd = 206;
/** A frame's own bytes: type, channel, size and end. */
const frameOverhead = 8;
/** Class, weight and body size, before the properties. */
const contentHeaderBytes = 12;
/** Ten years: the longest expiration that a server accepts, ms. */
const longestExpiration = 315_360_000_000;
/** A body up to this size is copied next to its header, a larger one is passed on as it is. */
const copiedBodyBytes = 16384;

const flag = {
  contentType: 0x8000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
  messageId: 0x0080,
  timestamp: 0x0040,
  type: 0x0020,
};

/** Where a message is published to, in the server's terms. */
export interface Route {
  readonly exchange: string;
  readonly key: string;
  /** Whether the server is to return what reaches no queue. */
  readonly mandatory: boolean;
  /** The priority of a message that says none. */
  readonly priority?: number | undefined;
}

/** The most bytes that a message may take. */
export interface Limits {
  readonly body: number;
  /** Properties and headers together. */
  readonly properties: number;
}

/**
 * How many bytes the properties and headers of a message take at most.
 * @throws {TypeError} a header value is none that the contract knows.
 */
export function propertiesBound(message: Message): number {
  return 2 + 1 + 1 + 8 + 32 + shortBound(message.contentType) +
    shortBound(message.correlationId) + shortBound(message.replyTo) +
    shortBound(message.messageId) + shortBound(message.type) + tableBound(message.headers);
}

function shortBound(text: string | undefined): number {
  return text === undefined ? 0 : 1 + textBound(text);
}

/**
 * Writes a message's properties and headers. Returns the offset after them.
 * @param priority if the message says none.
 */
export function writeProperties(
  bytes: Uint8Array,
  offset: number,
  message: Message,
  priority: number | undefined = message.priority,
): number {
  let flags = flag.deliveryMode;
  let end = offset + 2;
  if (message.contentType !== undefined) {
    flags |= flag.contentType;
    end = writeShortText(bytes, end, message.contentType);
  }
  for (const _ in message.headers) {
    flags |= flag.headers;
    end = writeTable(bytes, end, message.headers);
    break;
  }
  bytes[end++] = message.durable === false ? 1 : 2;
  if (priority !== undefined) {
    flags |= flag.priority;
    bytes[end++] = Math.max(0, Math.min(255, priority));
  }
  if (message.correlationId !== undefined) {
    flags |= flag.correlationId;
    end = writeShortText(bytes, end, message.correlationId);
  }
  if (message.replyTo !== undefined) {
    flags |= flag.replyTo;
    end = writeShortText(bytes, end, message.replyTo);
  }
  if (message.expiration !== undefined) {
    flags |= flag.expiration;
    const expiration = Math.max(0, Math.min(longestExpiration, Math.round(message.expiration)));
    end = writeShortText(bytes, end, String(expiration));
  }
  if (message.messageId !== undefined) {
    flags |= flag.messageId;
    end = writeShortText(bytes, end, message.messageId);
  }
  if (message.timestamp !== undefined) {
    flags |= flag.timestamp;
    end = writeInt64(bytes, end, Math.floor(message.timestamp / 1000));
  }
  if (message.type !== undefined) {
    flags |= flag.type;
    end = writeShortText(bytes, end, message.type);
  }
  writeUint16(bytes, offset, flags);
  return end;
}

/**
 * Makes sure that a message is within the limits of size. A property that is too long by itself
 * is noticed only when the message is written, unless `thorough`.
 *
 * @throws {MessageTooLargeError} the body, or properties and headers, take more than is allowed.
 * @throws {TypeError} a header value is none that the contract knows.
 */
export function checkMessage(message: Message, limits: Limits, thorough: boolean): void {
  if (message.body.length > limits.body) {
    throw new MessageTooLargeError(
      `the body takes ${message.body.length} bytes, at most ${limits.body} are allowed`,
    );
  }
  const bound = propertiesBound(message);
  if (bound <= limits.properties && !thorough) return;
  const size = bound > 16 * limits.properties
    ? Math.ceil(bound / 3)
    : writeProperties(new Uint8Array(bound), 0, message);
  if (size > limits.properties) {
    throw new MessageTooLargeError(
      `properties and headers take ${size} bytes, at most ${limits.properties} are allowed`,
    );
  }
}

/** Writes a publish to the outbox: the method, the header and the body. */
export function writePublish(
  outbox: Outbox,
  channel: number,
  route: Route,
  message: Message,
  frameMax: number,
): void {
  const { body } = message;
  const copied = body.length <= copiedBodyBytes && body.length <= frameMax - frameOverhead;
  const bound = 2 * frameOverhead + contentHeaderBytes + propertiesBound(message) +
    4 + 2 + 1 + textBound(route.exchange) + 1 + textBound(route.key) + 1 +
    (copied ? frameOverhead + body.length : 0);
  const bytes = outbox.reserve(bound);
  let at = outbox.offset;

  const method = at;
  at = writeUint32(bytes, at + 7, 60 * 65536 + 40);
  at = writeUint16(bytes, at, 0);
  at = writeShortText(bytes, at, route.exchange);
  at = writeShortText(bytes, at, route.key);
  bytes[at++] = route.mandatory ? 1 : 0;
  at = closeFrame(bytes, method, at, 1, channel);

  const header = at;
  at = writeUint32(bytes, at + 7, 60 * 65536);
  at = writeInt64(bytes, at, body.length);
  at = writeProperties(bytes, at, message, message.priority ?? route.priority);
  at = closeFrame(bytes, header, at, 2, channel);

  if (copied && body.length > 0) {
    bytes.set(body, at + 7);
    at = closeFrame(bytes, at, at + 7 + body.length, 3, channel);
  }
  outbox.commit(at);
  if (!copied) writeBody(outbox, channel, body, frameMax - frameOverhead);
}

function writeBody(outbox: Outbox, channel: number, body: Uint8Array, most: number): void {
  for (let from = 0; from < body.length; from += most) {
    const part = body.subarray(from, from + most);
    const bytes = outbox.reserve(7);
    const at = outbox.offset;
    bytes[at] = 3;
    writeUint16(bytes, at + 1, channel);
    outbox.commit(writeUint32(bytes, at + 3, part.length));
    outbox.append(part);
    const end = outbox.reserve(1);
    end[outbox.offset] = frameEnd;
    outbox.commit(outbox.offset + 1);
  }
}

function closeFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
  type: number,
  channel: number,
): number {
  bytes[start] = type;
  writeUint16(bytes, start + 1, channel);
  writeUint32(bytes, start + 3, end - start - 7);
  bytes[end] = frameEnd;
  return end + 1;
}
