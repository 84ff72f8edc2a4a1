import type { Message, MessageHeaders } from "../broker.ts";
import { BrokerError, MessageTooLargeError } from "../errors.ts";
import { collectable } from "./blob.ts";

/** The largest body, bytes: half of what SQLite takes in one value. */
export const MAX_BODY = 512 * 1024 * 1024;
/** The most that properties and headers may take as JSON, bytes. */
export const MAX_HEAD = 1024 * 1024;

const encoder = new TextEncoder();

/** @throws {MessageTooLargeError} over {@link MAX_BODY}. */
export function checkBody({ body }: Message): void {
  if (body.byteLength <= MAX_BODY) return;
  throw new MessageTooLargeError(
    `a body of ${body.byteLength} bytes is over the limit of ${MAX_BODY}`,
  );
}

/**
 * All of a message but its body, as JSON.
 * @throws {MessageTooLargeError} over {@link MAX_BODY} or {@link MAX_HEAD}.
 */
export function encodeHead(message: Message): string {
  checkBody(message);
  const { body: _, ...head } = message;
  const text = JSON.stringify(head);
  if (text.length > MAX_HEAD / 3) {
    const { length } = encoder.encode(text);
    if (length > MAX_HEAD) {
      throw new MessageTooLargeError(
        `headers of ${length} bytes are over the limit of ${MAX_HEAD}`,
      );
    }
  }
  return text;
}

/** The message again, from what {@link encodeHead} made and its body. */
export function decodeMessage(head: string, body: Uint8Array | null): Message {
  const properties: unknown = JSON.parse(head);
  if (!isHead(properties)) throw new BrokerError("a message in the database has no headers");
  return { ...properties, body: body ? collectable(body) : new Uint8Array(0) };
}

/** A head with headers added to it, however large that makes it. */
export function addHeaders(head: string, headers: MessageHeaders): string {
  const { body: _, ...message } = decodeMessage(head, null);
  return JSON.stringify({ ...message, headers: { ...message.headers, ...headers } });
}

/** The head of a dead letter: with headers added, and no expiration that would end it too. */
export function buriedHead(head: string, headers: MessageHeaders): string {
  const { body: _, expiration: __, ...message } = decodeMessage(head, null);
  return JSON.stringify({ ...message, headers: { ...message.headers, ...headers } });
}

function isHead(value: unknown): value is Omit<Message, "body"> {
  return typeof value === "object" && value !== null && "headers" in value &&
    typeof value.headers === "object" && value.headers !== null;
}
