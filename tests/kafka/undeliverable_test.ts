import assert from "node:assert/strict";
import { undeliverableTopic } from "../../shared/broker/kafka/delays.ts";
import { atEnd, offsetAt } from "../../shared/broker/kafka/offsets.ts";
import { decodeRecord } from "../../shared/broker/kafka/record.ts";
import { eventually, uniqueName } from "../brokers.ts";
import { text } from "../conformance/messages.ts";
import { kafkaTest, recordsOf } from "./server.ts";

kafkaTest(
  "what was delayed for a queue or topic that is gone is kept beside",
  async (t, cluster) => {
    const broker = await t.open();
    const topic = uniqueName("order");
    const [gone, bound] = [t.workQueue(), t.workQueue({ topics: [topic] })];
    await broker.declare(gone);
    await broker.declare(bound);
    const there = await cluster.metadata.topic(undeliverableTopic);
    const from = there && await offsetAt(cluster, there, 0, atEnd) || 0n;
    const [one, two] = [text("for a queue"), text("for a topic")];
    await broker.publish({ queue: gone.name }, [one], { delayMs: 250 });
    await broker.publish({ topic }, [two], { delayMs: 250 });
    await t.faults?.deleteQueue(gone.name);
    await broker.declare({ ...bound, topics: [], unbind: [topic] });

    const { forQueue, forTopic } = await eventually(async () => {
      const records = await recordsOf(cluster, undeliverableTopic, from);
      const forQueue = records.find(({ fields }) => fields.get("queue") === gone.name);
      const forTopic = records.find(({ fields }) => fields.get("topic") === topic);
      assert.ok(forQueue && forTopic);
      return { forQueue, forTopic };
    });
    for (const [record, { body }] of [[forQueue, one], [forTopic, two]] as const) {
      assert.deepEqual(new Uint8Array(decodeRecord(record).body), new Uint8Array(body));
      assert.match(record.fields.get("due") ?? "", /^\d{13}$/);
    }
  },
);
