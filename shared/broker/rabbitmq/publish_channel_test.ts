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
  const channel: Partial<AMQPChannel> = { id: 1, closed: false, confirmSelect: async () => {} };
  const client: Partial<Client> = {
    frameMax: 4096,
    closed: false,
    outbox: new Outbox(() => {}),
    channel: () => Promise.resolve(channel as AMQPChannel),
  };
  const publishing = new PublishChannel();
  await publishing.open(client as Client);
  return {
    publishing,
    channel: channel as AMQPChannel,
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
  const [full, missing, other] = [publish("full"), publish("missing", 2), publish("other")];
  channel.publishConfirmed(1, false, true);
  channel.onReturn({ exchange: "", routingKey: "missing" } as AMQPMessage);
  channel.publishConfirmed(4, true, false);
  await assert.rejects(full, QueueFullError);
  await assert.rejects(missing, QueueNotFoundError);
  await other;
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
