import assert from "node:assert/strict";
import type { Message } from "../broker.ts";
import { decodeRecord, encodeRecord, headerBytes, type ReadRecord } from "./record.ts";

const body = new TextEncoder().encode("body");

function read(message: Message, extra = {}): ReadRecord {
  const { value, headers } = encodeRecord(message, extra);
  const fields = new Map([...headers].map(([name, text]) => [`${name}`, `${text}`]));
  return { offset: 0n, timestamp: 0, key: undefined, value, fields };
}

Deno.test("a message comes out of its record as it went in", () => {
  const messages: Message[] = [
    { body, headers: {}, durable: true },
    { body: new Uint8Array(0), headers: {}, durable: false },
    {
      body,
      headers: { number: -1, text: "ü", list: [1, "a", true], table: { deep: {} }, "": "unnamed" },
      messageId: "m",
      correlationId: "c",
      replyTo: "r",
      contentType: "text/plain",
      type: "proxymq.request",
      priority: 0,
      timestamp: 1_700_000_000_000,
      expiration: 0,
      durable: true,
    },
  ];
  for (const message of messages) {
    const { body, ...rest } = decodeRecord(read(message, { to: "somebody" }));
    assert.deepEqual({ ...rest, body: new Uint8Array(body) }, message);
  }
});

Deno.test("a record's value is the body's own bytes, not a copy", () => {
  const view = body.subarray(1, 3);
  const { value } = encodeRecord({ body: view, headers: {} });
  assert.equal(value?.buffer, body.buffer);
  assert.deepEqual([value?.byteOffset, value?.byteLength], [1, 2]);
});

Deno.test("another program's record is a message as far as it makes sense", () => {
  const fields = new Map([["priority", "high"], ["expiration", "1e3"], ["headers", "[1]"]]);
  const record = { offset: 0n, timestamp: 0, key: undefined, value: undefined, fields };
  const { body: { length }, ...rest } = decodeRecord(record);
  assert.deepEqual({ length, ...rest }, { length: 0, headers: {}, durable: true });
});

Deno.test("the size of headers is that of their bytes", () => {
  const size = (headers: Message["headers"]) => headerBytes(encodeRecord({ body, headers }));
  assert.equal(size({ a: "漢" }) - size({ a: "" }), 3);
});
