import assert from "node:assert/strict";
import type { Broker, Message } from "../../shared/broker/broker.ts";

/** A message with a text body. */
export function text(body: string, rest: Partial<Message> = {}): Message {
  return { body: new TextEncoder().encode(body), headers: {}, ...rest };
}

/** Messages with the bodies `prefix0`, `prefix1` ... */
export function texts(prefix: string, count: number): Message[] {
  return Array.from({ length: count }, (_, at) => text(`${prefix}${at}`));
}

/** Asserts that a message came through whole, with nothing added. */
export function assertSameMessage(actual: Message, expected: Message): void {
  const { body, ...properties } = actual;
  const { body: expectedBody, ...expectedProperties } = expected;
  // What a message is that does not say so.
  const defaults = { durable: true, priority: 0 };
  assert.deepEqual({ ...defaults, ...properties }, { ...defaults, ...expectedProperties });
  assertSameBytes(body, expectedBody);
}

/** Asserts that two bodies are the same, without printing megabytes where they are not. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, "length of the body");
  assert.ok(actual.every((byte, at) => byte === expected[at]), "bytes of the body");
}

/** A delay that a broker keeps exactly: about this many milliseconds, rounded up. */
export function delayFor({ capabilities }: Broker, milliseconds: number): number {
  const { delayResolutionMs: step } = capabilities;
  return Math.ceil(milliseconds / step) * step;
}

/** How much earlier than asked a timer or a clock's rounding may make a delay end. */
export const clockFuzzMs = 25;
