import assert from "node:assert/strict";
import { atStart, offsetAt } from "../../shared/broker/kafka/offsets.ts";
import { tidy } from "../../shared/broker/kafka/tidying.ts";
import type { Delivery } from "../../shared/broker/broker.ts";
import { eventually } from "../brokers.ts";
import { texts } from "../conformance/messages.ts";
import { Collector } from "../support/collector.ts";
import { kafkaTest, recordsOf } from "./server.ts";

kafkaTest("what is settled is deleted, and nothing else", async (t, cluster) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  await using collector = new Collector(broker, queue.name);
  await broker.publish({ queue: queue.name }, texts("", 6));
  const held = await collector.waitFor(6);
  const acknowledge = (some: readonly Delivery[]) =>
    broker.settle(some.map((delivery) => ({ kind: "ack", delivery })));
  // With each acknowledgement Kafka writes down how far those before it went.
  await acknowledge(held.slice(0, 3));
  await acknowledge(held.slice(4, 5));

  const topic = await cluster.metadata.topic(queue.name);
  assert.ok(topic);
  const start = () => offsetAt(cluster, topic, 0, atStart);
  assert.equal(await start(), 0n);
  const consumed = () => [queue.name];
  const tidying = tidy({ cluster, consumed, delayed: () => {}, everyMs: 20, purgeEvery: 2 });
  await eventually(async () => await start() === 3n);
  const left = await recordsOf(cluster, queue.name, 3n);
  assert.deepEqual(left.map(({ offset }) => offset), [3n, 4n, 5n]);

  await acknowledge(held.slice(3, 4));
  await acknowledge(held.slice(5));
  await eventually(async () => await start() === 5n);
  await cluster.close();
  await tidying;
});
