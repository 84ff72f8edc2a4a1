import assert from "node:assert/strict";
import type { Message } from "../../broker/broker.ts";
import { decodeEntry, encodeEntry, type Entry } from "./entry.ts";
import { pack, packedBytes, unpack } from "./packed.ts";

const entries: readonly Entry[] = [
  { kind: "enter", id: "one", at: 1, service: "s", claim: { key: "k", fingerprint: "f" } },
  {
    kind: "change",
    id: "two",
    at: 2,
    state: "failed",
    response: { status: 404, headers: { a: ["1", "ü"] }, body: new Uint8Array([0, 255]) },
  },
  { kind: "mark", id: "three", at: 3 },
];

Deno.test("entries come out of a pack as they went in, and in their order", () => {
  const packed = pack(entries.map(encodeEntry));
  assert.equal(packed.type, "proxymq.statuses");
  assert.deepEqual(unpack(packed).map(decodeEntry), entries);
});

Deno.test("the bytes of a pack are those that the protocol says", () => {
  const one = { type: "t", correlationId: "i", headers: { a: 1 }, body: new Uint8Array([7]) };
  const { body } = pack([one, { headers: {}, body: new Uint8Array(0) }]);
  const text = '{"type":"t","correlation_id":"i","headers":{"a":1}}';
  const first = [0, 0, 0, text.length, ...new TextEncoder().encode(text), 0, 0, 0, 1, 7];
  assert.deepEqual([...body.subarray(0, first.length)], first);
  assert.deepEqual([...body.subarray(-4)], [0, 0, 0, 0]);
});

Deno.test("one message is no pack, and what is none comes out as it is", () => {
  const [entry] = entries;
  assert.ok(entry);
  const message = encodeEntry(entry);
  assert.equal(pack([message]), message);
  assert.deepEqual(unpack(message), [message]);
});

Deno.test("a broken pack holds nothing", async (t) => {
  const good = pack(entries.map(encodeEntry));
  const cases: [string, Partial<Message>][] = [
    ["cut off", { body: good.body.subarray(0, good.body.length - 1) }],
    ["cut off in a length", { body: good.body.subarray(0, 2) }],
    ["no JSON", { body: new Uint8Array([0, 0, 0, 1, 65, 0, 0, 0, 0]) }],
    ["a later version", { headers: { "proxymq-version": 2 } }],
  ];
  for (const [name, broken] of cases) {
    await t.step(name, () => assert.deepEqual(unpack({ ...good, ...broken }), []));
  }
});

Deno.test("what a message takes is known well enough to keep packs small", () => {
  const headers = { headers: "x".repeat(50_000) };
  const large = [{ headers, body: new Uint8Array(10_000) }, { headers, body: new Uint8Array(0) }];
  const bytes = large.map(packedBytes).reduce((sum, bytes) => sum + bytes);
  assert.ok(Math.abs(pack(large).body.byteLength - bytes) < 1_000);
});
