import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { AMQPChannel, AMQPMessage } from "@cloudamqp/amqp-client";
import { BrokerUnavailableError, QueueFullError, QueueNotFoundError } from "../errors.ts";
import type { Client } from "./client.ts";
import { Outbox } from "./outbox.ts";
import { PublishChannel } from "./publish_channel.ts";

const message = { body: new Uint8Array(1), headers: {} };
const direct = (key: string) => ({ exchange: "", key, mandatory: true });

/** A publish channel on a server that confirms nothing by itself. */
async function opened() {
  const channels: AMQPChannel[] = [];
  const newChannel = () => {
    const channel: Partial<AMQPChannel> = {
      id: channels.length + 1,
      closed: false,
      confirmSelect: async () => {},
      close: async () => {},
    };
    channels.push(channel as AMQPChannel);
    return channel as AMQPChannel;
  };
  const client: Partial<Client> = {
    frameMax: 4096,
    closed: false,
    outbox: new Outbox(() => {}),
    channel: () => Promise.resolve(newChannel()),
  };
  const publishing = new PublishChannel();
  await publishing.open(client as Client);
  const [channel] = channels;
  assert.ok(channel);
  return {
    publishing,
    channel,
    channels,
    publish: (key: string, count = 1) =>
      publishing.publish(direct(key), key, Array.from({ length: count }, () => message)),
  };
}

Deno.test("a publish resolves when all its messages are confirmed, one by one or together", async () => {
  const { publish, publishing, channel } = await opened();
  const ended: string[] = [];
  const calls = [
    publish("a", 3).then(() => ended.push("a")),
    publish("b").then(() => ended.push("b")),
  ];
  channel.publishConfirmed(4, false, false);
  await calls[1];
  channel.publishConfirmed(1, false, false);
  channel.publishConfirmed(3, true, false);
  await calls[0];
  assert.deepEqual(ended, ["b", "a"]);
  publishing.lose(new Error("the test is over"));
});

Deno.test("a publish is rejected by a negative confirmation, and by a return", async () => {
  const { publish, publishing, channel } = await opened();
  const before = publish("full");
  channel.publishConfirmed(1, false, false);
  await before;
  const [full, missing, other] = [publish("full"), publish("missing", 2), publish("other")];
  channel.publishConfirmed(2, false, true);
  channel.onReturn({ exchange: "", routingKey: "missing", properties: {} } as AMQPMessage);
  channel.publishConfirmed(5, true, false);
  await assert.rejects(full, QueueFullError);
  await assert.rejects(missing, QueueNotFoundError);
  await other;
  publishing.lose(new Error("the test is over"));
});

Deno.test("what comes back from a topic is told before the call ends, and fails nothing", async () => {
  const { publishing, channel } = await opened();
  const route = { exchange: "topics", key: "order.paid", mandatory: true };
  const told: unknown[] = [];
  const call = (name: string) => {
    const messages = [1, 2].map((n) => ({ ...message, messageId: `${name}${n}` }));
    return publishing.publish(route, "order.paid", messages, ({ messageId }) => {
      told.push(messageId);
    }).then(() => told.push(name));
  };
  const [first, second] = [call("a"), call("b")];
  const back = { exchange: "topics", routingKey: "order.paid" };
  channel.onReturn({ ...back, properties: { messageId: "b2" } } as AMQPMessage);
  channel.onReturn({ ...back, properties: { messageId: "a1" } } as AMQPMessage);
  channel.publishConfirmed(4, true, false);
  await Promise.all([first, second]);
  assert.deepEqual(told, ["a1", "b2", "a", "b"]);
  publishing.lose(new Error("the test is over"));
});

Deno.test("at most 1,000 messages are in flight, the others follow in their order", async () => {
  const { publish, publishing, channel } = await opened();
  const ended: number[] = [];
  const first = publish("a", 1000).then(() => ended.push(1));
  const second = publish("a").then(() => ended.push(2));
  // The second call's message has no tag yet, so this confirms nothing of it.
  channel.publishConfirmed(1001, false, false);
  channel.publishConfirmed(1000, true, false);
  await first;
  assert.deepEqual(ended, [1]);
  channel.publishConfirmed(1001, false, false);
  await second;
  publishing.lose(new Error("the test is over"));
});

Deno.test("what is not confirmed is given up within ten seconds, and no timer is left", async () => {
  const clock = FakeTimers.install();
  try {
    const { publish } = await opened();
    const late = assert.rejects(publish("a"), BrokerUnavailableError);
    await clock.tickAsync(9000);
    const soon = assert.rejects(publish("b"), BrokerUnavailableError);
    await clock.tickAsync(1000);
    await late;
    await clock.tickAsync(9000);
    await soon;
    await clock.tickAsync(1000);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("a lost channel rejects what is in flight and what waits, and later calls", async () => {
  const { publish, publishing } = await opened();
  const calls = [publish("a", 1500), publish("b")];
  const reason = new BrokerUnavailableError("lost");
  publishing.lose(reason);
  for (const call of calls) await assert.rejects(call, reason);
  await assert.rejects(publish("c"), BrokerUnavailableError);
  publishing.lose(reason);
});

Deno.test("a channel that has refused what it never took is replaced, and what it refused is published again", async () => {
  const clock = FakeTimers.install();
  try {
    const { publish, publishing, channels } = await opened();
    const [first, second] = [publish("a", 2), publish("b")];
    channels[0]?.publishConfirmed(2, true, true);
    await clock.tickAsync(1000);
    assert.equal(channels.length, 1, "something is in flight");
    const third = publish("c");
    channels[0]?.publishConfirmed(3, false, false);
    await second;
    await clock.tickAsync(0);
    assert.equal(channels.length, 2);
    // The old channel's tags mean nothing any more.
    channels[0]?.publishConfirmed(3, true, true);
    channels[1]?.publishConfirmed(3, true, false);
    await Promise.all([first, third]);
    const fourth = publish("a");
    channels[1]?.publishConfirmed(4, false, true);
    await assert.rejects(fourth, QueueFullError);
    await clock.tickAsync(10_000);
    assert.equal(channels.length, 2, "it has taken something that went there");
    publishing.lose(new Error("the test is over"));
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("what is refused long after connecting is told so, though the channel is replaced", async () => {
  const clock = FakeTimers.install();
  try {
    const { publish, channels } = await opened();
    const held = assert.rejects(publish("a"), QueueFullError);
    channels[0]?.publishConfirmed(1, false, true);
    for (let tries = 1; tries < 20; tries++) {
      await clock.tickAsync(300);
      channels[tries]?.publishConfirmed(1, false, true);
    }
    await held;
    const late = publish("a");
    channels.at(-1)?.publishConfirmed(1, false, true);
    await assert.rejects(late, QueueFullError);
    await clock.tickAsync(1000);
    const count = channels.length;
    await clock.tickAsync(10_000);
    assert.equal(channels.length, count);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("a connection that is lost before the channel is replaced rejects what was to be published again", async () => {
  const { publish, publishing, channels } = await opened();
  const call = publish("a");
  channels[0]?.publishConfirmed(1, false, true);
  const reason = new BrokerUnavailableError("lost");
  publishing.lose(reason);
  await assert.rejects(call, reason);
});
