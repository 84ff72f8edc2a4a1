/**
 * Messages of a log packed into one: the wire protocol's "What is kept of a request" in
 * docs/protocol.md.
 *
 * @module
 */
import type { Message } from "../../broker/broker.ts";
import { protocolVersion } from "../../message/envelope.ts";

const packedType = "proxymq.statuses";
const lengthBytes = 4;

const toBytes = new TextEncoder();
const toText = new TextDecoder();

/** How many bytes a message takes in a pack, roughly. */
export function packedBytes({ headers, body }: Message): number {
  let bytes = body.byteLength + 200;
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === "string") bytes += value.length;
  }
  return bytes;
}

/** Several messages as one; one stays as it is. Their headers have to be such as JSON can hold. */
export function pack(messages: readonly Message[]): Message {
  const [first] = messages;
  if (first && messages.length === 1) return first;
  const parts = messages.flatMap(({ type, correlationId, headers, body }) => [
    toBytes.encode(JSON.stringify({ type, correlation_id: correlationId, headers })),
    body,
  ]);
  const bytes = parts.reduce((sum, { byteLength }) => sum + lengthBytes + byteLength, 0);
  const body = new Uint8Array(bytes);
  const view = new DataView(body.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.byteLength);
    body.set(part, at + lengthBytes);
    at += lengthBytes + part.byteLength;
  }
  return { type: packedType, headers: { "proxymq-version": protocolVersion }, body };
}

/** The messages that a message is made of: itself, if it is no pack; none, if it is a broken one. */
export function unpack(message: Message): readonly Message[] {
  if (message.type !== packedType) return [message];
  if (message.headers["proxymq-version"] !== protocolVersion) return [];
  try {
    return [...messagesIn(message.body)];
  } catch {
    return [];
  }
}

function* messagesIn(bytes: Uint8Array): Iterable<Message> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const next = (): Uint8Array => {
    const from = at + lengthBytes;
    at = from + view.getUint32(at);
    if (at > bytes.byteLength) throw new RangeError("the pack is cut off");
    return bytes.subarray(from, at);
  };
  while (at < bytes.byteLength) {
    const { type, correlation_id: correlationId, headers } = JSON.parse(toText.decode(next()));
    yield { type, correlationId, headers: headers ?? {}, body: next() };
  }
}
