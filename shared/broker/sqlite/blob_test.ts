import assert from "node:assert/strict";
import { collectable } from "./blob.ts";

Deno.test("a large blob is copied into memory of its own, a small one stays as it is", () => {
  const large = Uint8Array.from({ length: 16_384 }, (_, i) => i);
  const copy = collectable(large);
  assert.deepEqual(copy, large);
  assert.notEqual(copy.buffer, large.buffer);
  const small = large.subarray(0, 16_383);
  assert.equal(collectable(small), small);
});
