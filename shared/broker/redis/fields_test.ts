import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Message } from "../broker.ts";
import { MessageTooLargeError } from "../errors.ts";
import type { Argument } from "./client.ts";
import { decode, encode, maxHeaderBytes } from "./fields.ts";

/** As the server would give them back. */
function asBytes(fields: readonly Argument[]): Buffer[] {
  return fields.map((field) => typeof field === "string" ? Buffer.from(field) : field);
}

const whole: Message = {
  body: new Uint8Array([0, 255, 10]),
  headers: { "proxymq-version": 1, nested: { list: ["ü", true] } },
  messageId: "m",
  correlationId: "c",
  replyTo: "r",
  contentType: "text/plain",
  type: "proxymq.request",
  priority: 9,
  timestamp: 1_700_000_000_123,
  expiration: 30_000,
  durable: false,
};

for (const message of [whole, { body: new Uint8Array(), headers: {} }]) {
  Deno.test(`a message with ${Object.keys(message).length} parts comes back as it was`, () => {
    const { body, ...properties } = decode(asBytes(encode(message)));
    const { body: expectedBody, ...expected } = message;
    assert.deepEqual(properties, expected);
    assert.deepEqual([...body], [...expectedBody]);
  });
}

Deno.test("a body is not copied", () => {
  const body = new Uint8Array(10);
  const sent = encode({ body, headers: {} }).at(-1);
  assert.ok(sent instanceof Buffer && sent.buffer === body.buffer);
});

Deno.test("what another client wrote is read as far as it makes sense", () => {
  const fields = ["unknown", "x", "priority", "high", "headers", "[1]", "message_id", "m"];
  const message = decode(asBytes(fields));
  assert.deepEqual(message, { headers: {}, messageId: "m", body: new Uint8Array() });
});

Deno.test("headers are counted in bytes", () => {
  const fits = { headers: { a: "x".repeat(maxHeaderBytes - 1000) }, body: new Uint8Array() };
  encode(fits);
  const wide = { headers: { a: "漢".repeat(maxHeaderBytes / 3) }, body: new Uint8Array() };
  assert.throws(() => encode(wide), MessageTooLargeError);
});
