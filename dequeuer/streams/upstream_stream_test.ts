import assert from "node:assert/strict";
import { UpstreamStream } from "./upstream_stream.ts";

function given() {
  const calls: string[] = [];
  const stream = new UpstreamStream({ status: 200, headers: {} }, {
    abort: ({ message }) => calls.push(`abort: ${message}`),
    pause: () => calls.push("pause"),
    resume: () => calls.push("resume"),
  });
  return { stream, calls };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

Deno.test("what has come is taken in one piece, up to the most", async () => {
  const { stream } = given();
  stream.push(bytes(1, 2));
  stream.push(bytes(3));
  stream.push(bytes(4, 5, 6, 7));
  assert.deepEqual(Uint8Array.from(await stream.take(4) ?? []), bytes(1, 2, 3));
  assert.deepEqual(await stream.take(3), bytes(4, 5, 6));
  assert.deepEqual(await stream.take(3), bytes(7));
  stream.push(bytes(8));
  stream.end();
  assert.equal(stream.done, false);
  assert.deepEqual(await stream.take(9), bytes(8));
  assert.equal(stream.done, true);
  assert.equal(await stream.take(9), undefined);
});

Deno.test("a single chunk is passed on, not copied", async () => {
  const { stream } = given();
  const chunk = bytes(1, 2, 3);
  stream.push(chunk);
  assert.equal(await stream.take(3).then((piece) => piece?.buffer), chunk.buffer);
});

Deno.test("whoever takes before something comes gets it when it comes", async () => {
  const { stream } = given();
  const taken = stream.take(10);
  stream.push(bytes(1));
  stream.push(bytes(2));
  assert.deepEqual(Uint8Array.from(await taken ?? []), bytes(1, 2));
  const end = stream.take(10);
  stream.end();
  assert.equal(await end, undefined);
  await stream.closed;
});

Deno.test("the source is paused while much is kept, and goes on when it is taken", async () => {
  const { stream, calls } = given();
  const chunk = new Uint8Array(65_536);
  stream.push(chunk);
  assert.deepEqual(calls, []);
  stream.push(chunk);
  stream.push(chunk);
  assert.deepEqual(calls, ["pause"]);
  await stream.take(65_536);
  assert.deepEqual(calls, ["pause"]);
  await stream.take(65_536);
  assert.deepEqual(calls, ["pause", "resume"]);
});

Deno.test("a body that breaks off says why, after what came before", async () => {
  const { stream } = given();
  stream.push(bytes(1));
  stream.fail(new Error("reset"));
  await stream.closed;
  assert.deepEqual(await stream.take(10), bytes(1));
  assert.equal(stream.done, false);
  await assert.rejects(stream.take(10), /reset/);
  const waiting = given().stream;
  const taken = waiting.take(10);
  waiting.fail(undefined);
  await assert.rejects(taken, /broke off/);
});

Deno.test("one that is cut gives nothing more, whole or not", async () => {
  for (const ended of [false, true]) {
    const { stream } = given();
    stream.push(bytes(1));
    if (ended) stream.end();
    stream.cut(new Error("enough"));
    await stream.closed;
    assert.equal(stream.reason?.message, "enough");
    await assert.rejects(stream.take(10), /enough/);
  }
});

Deno.test("what fails after the end was whole", async () => {
  const { stream } = given();
  stream.push(bytes(1));
  stream.end();
  stream.fail(new Error("late"));
  assert.deepEqual(await stream.take(10), bytes(1));
});
