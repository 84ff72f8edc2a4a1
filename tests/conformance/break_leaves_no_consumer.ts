import assert from "node:assert/strict";
import { eventually } from "../brokers.ts";
import { ack, Collector, textOf } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "breaking out of the loop leaves no consumer and keeps no unread message",
  async run(t) {
    const [broker, other] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, texts("", 4));
    const { signal } = new AbortController();
    for await (const delivery of broker.consume(queue.name, { prefetch: 4, signal })) {
      assert.equal(textOf(delivery), "0");
      await broker.settle([{ kind: "ack", delivery }]);
      break;
    }
    await eventually(async () => (await broker.stats(queue.name)).consumers === 0);
    await using collector = new Collector(other, queue.name, { settle: ack });
    await collector.waitFor(3);
    assert.deepEqual(collector.texts.toSorted(), ["1", "2", "3"]);
  },
};
