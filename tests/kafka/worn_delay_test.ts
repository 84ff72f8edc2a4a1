import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { delayTopic, delayUnitMs, firstHop } from "../../shared/broker/kafka/delays.ts";
import type { Lease } from "../../shared/broker/kafka/lease.ts";
import { atEnd, offsetAt } from "../../shared/broker/kafka/offsets.ts";
import { acknowledgements } from "../../shared/broker/kafka/share_apis.ts";
import { ShareConsumer } from "../../shared/broker/kafka/share_consumer.ts";
import { GroupSettings } from "../../shared/broker/kafka/topics.ts";
import { eventually, uniqueName, within } from "../brokers.ts";
import { text } from "../conformance/messages.ts";
import { ack, Collector } from "../support/collector.ts";
import { kafkaTest, recordsOf } from "./server.ts";

/** The least of its level: what is left of it after a while belongs to one below. */
const delayMs = 16 * delayUnitMs;

kafkaTest("what is worn while it is delayed starts anew with what is left", async (t, cluster) => {
  const queue = t.workQueue();
  const messageId = uniqueName("worn");
  const groups = new GroupSettings(cluster);
  const sentAt = Date.now();
  {
    await using first = await t.open();
    await first.declare(queue);
    await first.publish({ queue: queue.name }, [text("later", { messageId })], { delayMs });
  }
  // Those that others have delayed are held meanwhile: they are not to be worn.
  const worn = Promise.withResolvers<Lease>();
  const wearing = new ShareConsumer({
    ...{ cluster, groups, handle: "wearing", topic: delayTopic, most: Infinity, mostEach: 128 },
    onMissing: () => Promise.reject(new Error(`there is no ${delayTopic}`)),
    onLease(lease) {
      if (lease.record.fields.get("message_id") !== messageId) return;
      const { deliveryCount } = lease;
      if (deliveryCount >= 8) worn.resolve(lease);
      else lease.holder.acknowledge(lease, acknowledgements.release).catch(worn.reject);
    },
  });
  const lease = await within(worn.promise, "a worn record");
  const { partition, holder } = lease;
  assert.equal(partition, firstHop(delayMs).level);
  const topic = await cluster.metadata.topic(delayTopic);
  assert.ok(topic);
  const levels = [...topic.leaders.keys()].filter((level) => level < partition);
  const ends = await Promise.all(levels.map((level) => offsetAt(cluster, topic, level, atEnd)));
  // What a session gives back when it is closed does not count, but what is released does.
  await wearing.stop();
  await holder.acknowledge(lease, acknowledgements.release);
  await wearing.release();
  await wearing.ended;

  await delay(2 * delayUnitMs);
  const broker = await t.open();
  await using collector = new Collector(broker, queue.name, { settle: ack });
  // Whoever delays something looks after all that is.
  await broker.publish({ queue: queue.name }, [text("short")], { delayMs: 1 });
  await eventually(async () => {
    const found = await Promise.all(
      levels.map((level) => recordsOf(cluster, delayTopic, ends[level] ?? 0n, level)),
    );
    return found.flat().some(({ fields }) => fields.get("message_id") === messageId);
  });
  await collector.waitFor(2);
  assert.ok(Date.now() - sentAt >= delayMs);
  assert.ok(Date.now() - sentAt < delayMs + 2_000);
  assert.deepEqual(collector.texts, ["short", "later"]);
  assert.equal(collector.deliveries.at(-1)?.attempt, 1);
});
