import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { Outbox } from "./outbox.ts";

Deno.test("an outbox writes once for each turn of the event loop, in order", async () => {
  const writes: string[] = [];
  const outbox = new Outbox((chunks) => writes.push(Buffer.concat(chunks).toString()));
  outbox.append(Buffer.from("a"));
  await Promise.resolve();
  outbox.append(Buffer.from("b"));
  assert.deepEqual(writes, []);
  await setImmediate();
  outbox.append(Buffer.from("c"));
  await setImmediate();
  assert.deepEqual(writes, ["ab", "c"]);
});

Deno.test("what is added at the end of a turn is written in it", async () => {
  const writes: string[] = [];
  const outbox = new Outbox((chunks) => writes.push(Buffer.concat(chunks).toString()));
  outbox.atEnd(() => outbox.append(Buffer.from("c")));
  outbox.append(Buffer.from("a"));
  outbox.append(Buffer.from("b"));
  await setImmediate();
  await setImmediate();
  assert.deepEqual(writes, ["abc"]);
});

Deno.test("an outbox copies small pieces and passes large ones on as they are", () => {
  const small = Buffer.alloc(100, 1);
  const large = Buffer.alloc(20_000, 2);
  let written: readonly Uint8Array[] = [];
  const outbox = new Outbox((chunks) => written = chunks);
  outbox.append(small);
  outbox.append(large);
  outbox.append(small);
  outbox.flush();
  assert.equal(written.length, 3);
  assert.notEqual(written[0], small);
  assert.equal(written[1], large);
  assert.deepEqual(Buffer.concat(written), Buffer.concat([small, large, small]));
});

Deno.test("an outbox goes on in a new slab when one is full", () => {
  const pieces = Array.from({ length: 50 }, (_, index) => Buffer.alloc(5000, index));
  let written: readonly Uint8Array[] = [];
  const outbox = new Outbox((chunks) => written = chunks);
  for (const piece of pieces) outbox.append(piece);
  outbox.flush();
  assert.deepEqual(Buffer.concat(written), Buffer.concat(pieces));
});
