import assert from "node:assert/strict";
import { eventually } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "competing consumers share the messages, each gets some, each message comes once",
  async run(t) {
    const queue = t.workQueue();
    const [publisher, one, two] = [await t.open(), await t.open(), await t.open()];
    await publisher.declare(queue);
    await using first = new Collector(one, queue.name, { prefetch: 5, settle: ack });
    await using second = new Collector(two, queue.name, { prefetch: 5, settle: ack });
    await eventually(async () => (await publisher.stats(queue.name)).consumers === 2);
    const all = () => [...first.texts, ...second.texts];
    for (let round = 1; first.texts.length === 0 || second.texts.length === 0; round++) {
      assert.ok(round <= 50, "one of two consumers got nothing of 1000 messages");
      await publisher.publish({ queue: queue.name }, texts(`${round}-`, 20));
      await eventually(() => all().length >= round * 20);
    }
    assert.equal(new Set(all()).size, all().length);
  },
};
