import assert from "node:assert/strict";
import { eventually } from "../brokers.ts";
import { text } from "../conformance/messages.ts";
import { ack, Collector } from "../support/collector.ts";
import { kafkaTest } from "./server.ts";

/** More often than Kafka hands out a record before it drops it. */
const releases = 12;

kafkaTest("what is given back again and again is written anew before Kafka drops it", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  await using collector = new Collector(broker, queue.name, {
    prefetch: 1,
    settle: (delivery) =>
      delivery.redeliveries < releases ? { kind: "release", delivery } : ack(delivery),
  });
  await broker.publish({ queue: queue.name }, [text("worn", { headers: { kept: "yes" } })]);
  await eventually(() => (collector.deliveries.at(-1)?.redeliveries ?? 0) >= releases);
  await eventually(async () => {
    const { ready, inFlight, dead } = await broker.stats(queue.name);
    return ready === 0 && inFlight === 0 && dead === 0;
  });
  const counts = collector.deliveries.map(({ redeliveries }) => redeliveries);
  // None is skipped but the one by which it was written anew.
  assert.ok(counts.every((count, n) => count > (counts[n - 1] ?? -1)), `${counts}`);
  assert.ok(collector.deliveries.length >= releases - 1, `${counts}`);
  assert.ok(collector.texts.every((each) => each === "worn"));
  assert.equal(collector.deliveries.at(-1)?.message.headers.kept, "yes");
  assert.equal(collector.deliveries.at(-1)?.attempt, 1);
});
