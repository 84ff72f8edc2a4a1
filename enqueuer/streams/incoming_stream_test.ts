import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import type { Frame } from "../../shared/message/frame.ts";
import { IncomingStream, streamWindow } from "./incoming_stream.ts";

const head = { status: 200, headers: {} };
const first = { id: "id", stream: "s", seq: 0, head, last: false, creditTo: "control_1" };
const bytes = (...values: number[]) => Uint8Array.from(values);
const frame = (seq: number, body = bytes(seq), more: Partial<Frame> = {}): Frame => ({
  ...first,
  seq,
  body,
  ...more,
});

function given() {
  const told: string[] = [];
  const opening = { ...first, body: bytes(0) };
  const stream = new IncomingStream(opening, {
    credit: (granted) => told.push(granted === undefined ? "stop" : `credit ${granted}`),
    end: (end, why, known) => told.push(`${end}${known ? ", known" : ""}: ${why}`),
  });
  stream.take(opening);
  return { stream, told, reader: stream.body.getReader() };
}

async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number[]> {
  const got: number[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return got;
    got.push(...value);
  }
}

Deno.test("frames are passed on in their order, those that come twice once", async () => {
  const { stream, told, reader } = given();
  for (const seq of [1, 1, 0, 2]) stream.take(frame(seq));
  stream.take(frame(3, bytes(3), { last: true }));
  assert.deepEqual(told, [], "the caller has not taken all of it");
  assert.deepEqual(await rest(reader), [0, 1, 2, 3]);
  assert.deepEqual(told, ["complete, known: "]);
});

Deno.test("an empty last frame ends it, for a caller that waits for more", async () => {
  const { stream, told, reader } = given();
  await reader.read();
  const end = reader.read();
  stream.take(frame(1, bytes()));
  stream.take(frame(2, bytes(), { last: true }));
  assert.equal((await end).done, true);
  assert.deepEqual(told, ["complete, known: "]);
});

Deno.test("a gap ends it as an error at once, and its sender is told", async () => {
  const { stream, told, reader } = given();
  stream.take(frame(2));
  await assert.rejects(rest(reader), /broke off: frame 1 of it was lost/);
  assert.deepEqual(told, ["stop", "broken-off: frame 1 of it was lost on its way"]);
  stream.take(frame(3, bytes(), { last: true }));
  assert.equal(told.length, 2, "what comes afterwards changes nothing");
});

Deno.test("what its sender says of a break is what the caller's response ends with", async () => {
  const { stream, told, reader } = given();
  assert.deepEqual((await reader.read()).value, bytes(0));
  stream.take(frame(1, bytes(), { last: true, error: "reset" }));
  await assert.rejects(rest(reader), /broke off: reset/);
  assert.deepEqual(told, ["broken-off, known: reset"]);
});

Deno.test("a caller that hangs up stops it; one that does so after its end does not", async () => {
  const early = given();
  await early.reader.cancel();
  assert.deepEqual(early.told, ["stop", "hung-up: the caller has hung up"]);
  const late = given();
  late.stream.take(frame(1, bytes(), { last: true }));
  late.stream.hangUp();
  assert.deepEqual(late.told, ["hung-up, known: the caller has hung up"]);
});

Deno.test("credit follows what the caller takes, a quarter of the window at a time", async () => {
  const { stream, told, reader } = given();
  const quarter = new Uint8Array(streamWindow / 4);
  for (const seq of [1, 2, 3]) stream.take(frame(seq, quarter));
  assert.deepEqual(told, [], "nothing was taken");
  await reader.read();
  await reader.read();
  assert.deepEqual(told, [`credit ${1 + 1.25 * streamWindow}`]);
  await reader.read();
  assert.deepEqual(told.slice(1), [`credit ${1 + 1.5 * streamWindow}`]);
});

Deno.test("each side says that it is there, and silence ends it", async () => {
  const clock = FakeTimers.install();
  try {
    const { stream, told, reader } = given();
    const look = (ms: number) => {
      clock.tick(ms);
      stream.look();
    };
    look(2_999);
    assert.equal(told.length, 0);
    look(1);
    assert.deepEqual(told, [`credit ${streamWindow}`], "though the caller has taken nothing");
    look(6_000);
    stream.take(frame(1, bytes()));
    look(9_999);
    assert.ok(told.every((one) => one.startsWith("credit")));
    look(1);
    await assert.rejects(rest(reader), /nothing came for 10000 ms/);
    assert.deepEqual(told.slice(-2, -1), ["stop"]);
    const count = told.length;
    look(20_000);
    assert.equal(told.length, count);
  } finally {
    clock.uninstall();
  }
});

Deno.test("one that is all there waits for its caller as long as it takes", () => {
  const clock = FakeTimers.install();
  try {
    const { stream, told } = given();
    stream.take(frame(1, bytes(), { last: true }));
    clock.tick(60_000);
    stream.look();
    assert.deepEqual(told, []);
  } finally {
    clock.uninstall();
  }
});
