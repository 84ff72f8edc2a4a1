import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { EnvelopeError } from "./envelope.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";

const first: Frame = {
  id: "0193-id",
  stream: "s1",
  seq: 0,
  head: { status: 200, headers: { "content-type": "text/event-stream", "x-tag": ["a", "b"] } },
  body: new Uint8Array([0, 255]),
  last: false,
  creditTo: "control_1",
};

Deno.test("a frame comes out of its message as it went in", () => {
  const { head: _, ...rest } = first;
  const frames: Frame[] = [
    first,
    { ...rest, seq: 7 },
    { ...rest, seq: 8, body: new Uint8Array(0), creditTo: undefined },
    { ...rest, seq: 9, last: true },
    { ...rest, seq: 9, last: true, error: "the microservice broke off" },
    { ...first, last: true },
  ];
  for (const frame of frames) {
    const message = encodeFrame(frame);
    assert.equal(message.durable, false);
    assert.equal(message.body, frame.body, "the body's bytes are passed, not copied");
    assert.deepEqual(decodeFrame(message), frame);
  }
  assert.notEqual(encodeFrame(first).messageId, encodeFrame({ ...first, seq: 1 }).messageId);
});

Deno.test("a message that is no frame is refused with where", () => {
  const good = encodeFrame(first);
  const cases: [Partial<Message>, RegExp][] = [
    [{ type: "proxymq.request" }, /proxymq\.request/],
    [{ correlationId: "" }, /correlation_id/],
    [{ headers: { ...good.headers, stream: "" } }, /"stream"/],
    [{ headers: { ...good.headers, seq: "0" } }, /"seq"/],
    [{ headers: { ...good.headers, seq: -1 } }, /"seq"/],
    [{ headers: { ...good.headers, last: "yes" } }, /"last"/],
    [{ headers: { ...good.headers, error: 1 } }, /"error"/],
    [{ headers: { ...good.headers, status: 100 } }, /"status"/],
    [{ headers: { ...good.headers, headers: "x" } }, /"headers"/],
    [{ headers: { ...good.headers, "proxymq-version": 2 } }, /is 2, not 1/],
  ];
  for (const [departure, detail] of cases) {
    assert.throws(
      () => decodeFrame({ ...good, ...departure }),
      (error) => error instanceof EnvelopeError && detail.test(error.message),
      JSON.stringify(departure),
    );
  }
});
