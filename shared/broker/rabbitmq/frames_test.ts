import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { AMQPView } from "@cloudamqp/amqp-client/amqp-view";
import type { AMQPMessage } from "@cloudamqp/amqp-client";
import type { Message } from "../broker.ts";
import { MessageTooLargeError } from "../errors.ts";
import { checkMessage, propertiesBound, writeProperties, writePublish } from "./frames.ts";
import { Outbox } from "./outbox.ts";
import { readMessage } from "./properties.ts";

const body = new Uint8Array(0);
const limits = { body: 100, properties: 1000 };

/** What the client library reads from what we wrote. */
function readBack(message: Message): Message {
  const bytes = new Uint8Array(propertiesBound(message));
  const end = writeProperties(bytes, 0, message);
  assert.ok(end <= bytes.length);
  const [properties, length] = new AMQPView(bytes.buffer, 0, end).getProperties(0);
  assert.equal(length, end);
  const received: Partial<AMQPMessage> = { properties, body: message.body };
  return readMessage(received as AMQPMessage, "q").message;
}

Deno.test("properties are written as the library reads them", () => {
  const message: Message = {
    body,
    headers: {
      text: "grüße, \u{1F600}",
      long: "x".repeat(500),
      empty: "",
      yes: true,
      no: false,
      zero: 0,
      negative: -5,
      int32: 2 ** 31 - 1,
      beyond: 2 ** 31,
      now: 1_800_000_000_000,
      least: Number.MIN_SAFE_INTEGER,
      most: Number.MAX_SAFE_INTEGER,
      list: ["a", 1, false, ["b"]],
      table: { "set-cookie": ["a=1", "b=2"], nested: { deep: 2 ** 33 } },
    },
    messageId: "m",
    correlationId: "c",
    replyTo: "r",
    contentType: "application/json",
    type: "proxymq.request",
    priority: 0,
    timestamp: 1_800_000_000_000,
    expiration: 30_000,
    durable: true,
  };
  assert.deepEqual(readBack(message), message);
});

Deno.test("undefined headers are left out", () => {
  const headers = JSON.parse("{}");
  headers.none = undefined;
  headers.some = 1;
  assert.deepEqual(readBack({ body, headers }).headers, { some: 1 });
});

for (const value of [1.5, NaN, 2 ** 60, null, 1n, new Uint8Array(1), new Date(), () => 1]) {
  Deno.test(`a header is refused: ${String(value)}`, () => {
    const headers = Object.fromEntries([["mine", value]]) as Message["headers"];
    assert.throws(() => checkMessage({ body, headers }, limits, false), /"mine"/);
  });
}

Deno.test("what is too large is refused", () => {
  const check = (message: Partial<Message>, thorough = false) =>
    checkMessage({ body, headers: {}, ...message }, limits, thorough);
  check({ body: new Uint8Array(100), headers: { a: "x".repeat(900) } });
  assert.throws(() => check({ body: new Uint8Array(101) }), MessageTooLargeError);
  assert.throws(() => check({ headers: { a: "x".repeat(1000) } }), MessageTooLargeError);
  assert.throws(() => check({ headers: { a: "x".repeat(100_000) } }), MessageTooLargeError);
  assert.throws(() => check({ messageId: "x".repeat(256) }, true), MessageTooLargeError);
});

Deno.test("a property that is too long leaves nothing half written", () => {
  let written = 0;
  const outbox = new Outbox((chunks) => written += chunks.length);
  const route = { exchange: "", key: "q", mandatory: false };
  const message = { body, headers: {}, messageId: "x".repeat(256) };
  assert.throws(() => writePublish(outbox, 1, route, message, 4096), MessageTooLargeError);
  outbox.flush();
  assert.equal(written, 0);
});

for (const size of [0, 1, 4088, 4089, 20_000, 200_000]) {
  Deno.test(`a body of ${size} bytes goes in frames that are not too long`, () => {
    const parts: Uint8Array[] = [];
    const outbox = new Outbox((chunks) => parts.push(...chunks));
    const content = Uint8Array.from({ length: size }, (_, index) => index % 251);
    const route = { exchange: "x", key: "q", mandatory: true };
    writePublish(outbox, 7, route, { body: content, headers: {} }, 4096);
    outbox.flush();
    const bytes = Buffer.concat(parts);
    const types: number[] = [];
    const bodies: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt32BE(at + 3);
      assert.ok(length + 8 <= 4096);
      assert.equal(bytes.readUInt16BE(at + 1), 7);
      assert.equal(bytes[at + 7 + length], 206);
      types.push(bytes[at] ?? 0);
      if (bytes[at] === 3) bodies.push(bytes.subarray(at + 7, at + 7 + length));
      at += length + 8;
    }
    assert.deepEqual(types.slice(0, 2), [1, 2]);
    assert.equal(types.length, 2 + Math.ceil(size / 4088));
    assert.deepEqual(Buffer.concat(bodies), Buffer.from(content));
  });
}
