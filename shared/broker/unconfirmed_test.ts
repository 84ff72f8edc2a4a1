import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { Message, PublishOptions } from "./broker.ts";
import { BrokerError, BrokerUnavailableError, QueueNotFoundError } from "./errors.ts";
import { Unconfirmed } from "./unconfirmed.ts";

const down = new BrokerUnavailableError("down");
const message = (id: string, bytes = 1): Message => ({
  messageId: id,
  headers: {},
  body: new Uint8Array(bytes),
});

/** A broker that refuses what it is told to, and keeps account of what it was given. */
function setUp() {
  const given: string[] = [];
  const told: string[] = [];
  const closing = new AbortController();
  const broker = {
    error: undefined as Error | undefined,
    connected: Promise.withResolvers<void>(),
  };
  const unconfirmed = new Unconfirmed({
    ready: () => broker.connected.promise,
    closing: closing.signal,
  });
  const onUnroutable = ({ messageId = "" }: Message) => {
    told.push(messageId);
  };
  const publish = (id: string, options: PublishOptions = { onUnroutable }, bytes = 1) =>
    unconfirmed.publish([message(id, bytes)], options, () => {
      given.push(id);
      return broker.error ? Promise.reject(broker.error) : Promise.resolve();
    });
  return { given, told, broker, closing, publish };
}

Deno.test("what a driver could not publish is published again", async (t) => {
  const clock = FakeTimers.install();
  const turn = () => clock.tickAsync(0);
  try {
    await t.step("in its order, and before what came meanwhile", async () => {
      const { given, broker, publish } = setUp();
      broker.error = down;
      publish("a");
      publish("b");
      await turn();
      broker.error = undefined;
      broker.connected.resolve();
      publish("c");
      await clock.tickAsync(100);
      publish("d");
      assert.deepEqual(given, ["a", "b", "a", "b", "c", "d"]);
    });
    await t.step("with a pause, where the broker is there and takes nothing", async () => {
      const { given, broker, publish } = setUp();
      broker.error = down;
      broker.connected.resolve();
      publish("a");
      await clock.tickAsync(1_000);
      assert.equal(given.length, 11);
    });
    await t.step("for half a minute", async () => {
      const { given, broker, publish } = setUp();
      broker.error = down;
      broker.connected.resolve();
      publish("a");
      await clock.tickAsync(30_000);
      const times = given.length;
      await clock.tickAsync(60_000);
      assert.ok(given.length - times <= 1, `${given.length - times} times after it`);
    });
    await t.step("not after the driver is closed", async () => {
      const { given, broker, closing, publish } = setUp();
      broker.error = down;
      publish("a");
      await turn();
      broker.connected.resolve();
      closing.abort();
      await clock.tickAsync(60_000);
      assert.deepEqual(given, ["a"]);
    });
    await t.step("not what nobody is to be told of", async () => {
      const { given, broker, publish } = setUp();
      broker.error = down;
      broker.connected.resolve();
      publish("a", {});
      await clock.tickAsync(60_000);
      assert.deepEqual(given, ["a"]);
    });
    await t.step("not what it will never take", async () => {
      const { given, told, broker, publish } = setUp();
      broker.error = new BrokerError("refused");
      broker.connected.resolve();
      publish("a");
      await clock.tickAsync(60_000);
      assert.deepEqual([given, told], [["a"], []]);
    });
    await t.step("only the last of it, where it is too much", async () => {
      const { given, broker, publish } = setUp();
      broker.error = down;
      for (const id of "abc") publish(id, { onUnroutable() {} }, 7 * 2 ** 20);
      await turn();
      broker.error = undefined;
      broker.connected.resolve();
      await clock.tickAsync(100);
      assert.deepEqual(given.slice(3), ["b", "c"]);
    });
  } finally {
    clock.uninstall();
  }
});

Deno.test("whoever publishes to no queue is told, unless it is delayed", async () => {
  const { told, broker, publish } = setUp();
  broker.error = new QueueNotFoundError("q");
  const onUnroutable = ({ messageId = "" }: Message) => {
    told.push(messageId);
  };
  publish("a");
  publish("b", { onUnroutable, delayMs: 1 });
  publish("c", {});
  await Promise.resolve();
  assert.deepEqual(told, ["a"]);
});
