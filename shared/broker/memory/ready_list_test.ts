import assert from "node:assert/strict";
import { type Entry, ReadyList } from "./ready_list.ts";

function entry(sequence: number, priority?: number): Entry {
  const message = { body: new Uint8Array(), headers: {}, ...(priority ? { priority } : {}) };
  return { message, sequence, redeliveries: 0, readyAt: sequence * 1000 };
}

function takeAll(list: ReadyList): number[] {
  const sequences: number[] = [];
  for (let taken = list.take(); taken; taken = list.take()) sequences.push(taken.sequence);
  return sequences;
}

Deno.test("ReadyList takes the highest priority first, the oldest first within it", () => {
  const list = new ReadyList();
  for (const one of [entry(1), entry(2, 9), entry(3, 4), entry(4, 9), entry(5)]) list.add(one);
  assert.equal(list.size, 5);
  assert.deepEqual(takeAll(list), [2, 4, 3, 1, 5]);
  assert.equal(list.size, 0);
});

Deno.test("ReadyList puts an entry that comes back to its old place", () => {
  const list = new ReadyList();
  for (const one of [entry(1), entry(4), entry(3)]) list.add(one);
  list.add(entry(2));
  assert.deepEqual(takeAll(list), [1, 2, 3, 4]);
});

Deno.test("ReadyList removes an entry, once", () => {
  const list = new ReadyList();
  const [one, two] = [entry(1), entry(2)];
  list.add(one);
  list.add(two);
  list.remove(one);
  list.remove(one);
  assert.equal(list.size, 1);
  assert.deepEqual(takeAll(list), [2]);
});

Deno.test("ReadyList keeps a priority outside 0 to 9 within it", () => {
  const list = new ReadyList();
  for (const one of [entry(1, -3), entry(2, 200), entry(3, 0.9)]) list.add(one);
  assert.deepEqual(takeAll(list), [2, 1, 3]);
});

Deno.test("ReadyList tells since when its oldest is ready, whatever its priority", () => {
  const list = new ReadyList();
  assert.equal(list.oldest(), undefined);
  list.add(entry(2, 9));
  list.add(entry(1));
  assert.equal(list.oldest(), 1000);
});
