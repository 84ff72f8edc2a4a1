import assert from "node:assert/strict";
import { PushQueue } from "./push_queue.ts";

Deno.test("what was pushed comes out in order, whoever was there first", async () => {
  const queue = new PushQueue<number>();
  const early = queue.next();
  queue.push(1);
  queue.push(2);
  queue.push(3);
  assert.deepEqual(await early, { done: false, value: 1 });
  queue.end();
  const rest = [];
  for await (const value of queue) rest.push(value);
  assert.deepEqual(rest, [2, 3]);
  assert.throws(() => queue.push(4), /ended/);
});

Deno.test("who waits at the end is told", async () => {
  const queue = new PushQueue<number>();
  const waiting = [queue.next(), queue.next()];
  queue.end();
  for (const result of waiting) assert.equal((await result).done, true);
});
