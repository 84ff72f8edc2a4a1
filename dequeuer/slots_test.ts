import assert from "node:assert/strict";
import { setImmediate as settle } from "node:timers/promises";
import { Slots } from "./slots.ts";

/** Acquires a slot, and notes under a name when it is there. */
function wanting(slots: Slots, got: string[]) {
  return (name: string) => slots.acquire().then(() => void got.push(name));
}

Deno.test("no more than the limit, in the order of asking", async () => {
  const slots = new Slots(2);
  const got: string[] = [];
  for (const name of ["a", "b", "c", "d"]) void wanting(slots, got)(name);
  await settle();
  assert.deepEqual(got, ["a", "b"]);
  assert.ok(slots.contended);
  slots.release();
  await settle();
  assert.deepEqual(got, ["a", "b", "c"]);
  slots.release();
  slots.release();
  await settle();
  assert.deepEqual(got, ["a", "b", "c", "d"]);
  assert.equal(slots.contended, false);
});

Deno.test("a higher limit lets in who waits; a lower one is kept as soon as it can be", async () => {
  const slots = new Slots(1);
  const got: string[] = [];
  for (const name of ["a", "b", "c", "d"]) void wanting(slots, got)(name);
  slots.limit = 3;
  await settle();
  assert.deepEqual(got, ["a", "b", "c"]);
  slots.limit = 1;
  slots.release();
  slots.release();
  await settle();
  assert.deepEqual(got, ["a", "b", "c"]);
  slots.release();
  await settle();
  assert.deepEqual(got, ["a", "b", "c", "d"]);
  slots.limit = 0;
  assert.equal(slots.limit, 1);
});

Deno.test("who only looks takes none", async () => {
  const slots = new Slots(1);
  await slots.available();
  await slots.acquire();
  let available = false;
  const looking = slots.available().then(() => available = true);
  await settle();
  assert.equal(available, false);
  slots.release();
  await looking;
  await slots.acquire();
});
