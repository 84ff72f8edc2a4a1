import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import type { Broker, Message, PublishOptions } from "../../shared/broker/broker.ts";
import { BrokerUnavailableError } from "../../shared/broker/errors.ts";
import { OutgoingStream } from "./outgoing_stream.ts";

const to = { id: "id", replyTo: "reply_1", window: 100 };

function given() {
  const sent: Message[] = [];
  const options: (PublishOptions | undefined)[] = [];
  const gone: string[] = [];
  const state = { failures: 0 };
  const publish: Broker["publish"] = (address, [message], how) => {
    assert.deepEqual(address, { queue: "reply_1" });
    if (state.failures-- > 0) return Promise.reject(new BrokerUnavailableError("away"));
    if (message) sent.push(message);
    options.push(how);
    return Promise.resolve();
  };
  const stream = new OutgoingStream(
    {
      broker: { publish } as Broker,
      creditTo: () => "control_1",
      onFrame() {},
      onGone: (why) => gone.push(why),
    },
    to,
    new AbortController().signal,
  );
  const shown = () =>
    sent.map(({ headers, body }) =>
      `${headers["seq"]} ${body.byteLength}${headers["last"] ? " last" : ""}`
    );
  return { stream, sent, options, gone, state, shown };
}

const bytes = (count: number) => new Uint8Array(count);

Deno.test("frames are numbered, say where credit goes, and cost credit", async () => {
  const { stream, sent, shown } = given();
  const head = { status: 200, headers: {} };
  await Promise.all([
    stream.send({ head, body: bytes(30) }),
    stream.send({ body: bytes(50) }),
    stream.send({ last: true }),
  ]);
  assert.deepEqual(shown(), ["0 30", "1 50", "2 0 last"]);
  assert.ok(sent.every(({ replyTo }) => replyTo === "control_1"));
  assert.equal(stream.credit.available, 20);
  await stream.send({ body: bytes(1) });
  assert.equal(sent.length, 3, "nothing comes after the last");
});

Deno.test("a frame that the broker does not take is offered again, before those after it", async () => {
  const clock = FakeTimers.install();
  try {
    const { stream, state, shown } = given();
    state.failures = 2;
    const both = Promise.all([stream.send({ body: bytes(1) }), stream.send({ body: bytes(2) })]);
    await clock.tickAsync(2_000);
    await both;
    assert.deepEqual(shown(), ["0 1", "1 2"]);
    state.failures = Infinity;
    const lost = assert.rejects(stream.send({ body: bytes(3) }), BrokerUnavailableError);
    await clock.tickAsync(11_000);
    await lost;
  } finally {
    clock.uninstall();
  }
});

Deno.test("a stream that is quiet says that it is there, and gives up who is silent", async () => {
  const clock = FakeTimers.install();
  try {
    const { stream, shown, gone } = given();
    const look = async (ms: number) => {
      await clock.tickAsync(ms);
      stream.look();
      await clock.tickAsync(0);
    };
    await look(2_999);
    assert.deepEqual(shown(), []);
    await look(1);
    assert.deepEqual(shown(), ["0 0"]);
    await look(2_999);
    assert.equal(shown().length, 1);
    await look(3_000);
    assert.equal(shown().length, 2);
    stream.granted(100);
    await look(9_999);
    assert.deepEqual(gone, []);
    await look(1);
    assert.deepEqual(gone, ["no credit came for 10000 ms"]);
    const count = shown().length;
    await look(60_000);
    assert.equal(shown().length, count);
    assert.equal(gone.length, 1);
  } finally {
    clock.uninstall();
  }
});

Deno.test("a reply queue that is gone ends it; only small frames ask for it", async () => {
  const { stream, options, gone, sent } = given();
  await stream.send({ body: bytes(16_384) });
  assert.equal(options[0]?.onUnroutable, undefined);
  await stream.send({ body: bytes(10) });
  const [, message] = sent;
  assert.ok(message);
  options[1]?.onUnroutable?.(message);
  assert.deepEqual(gone, ["its reply queue is gone"]);
});

Deno.test("whoever waits for credit is woken by it", async () => {
  const { stream } = given();
  const change = stream.change();
  stream.granted(150);
  await change;
  assert.equal(stream.credit.available, 150);
});
