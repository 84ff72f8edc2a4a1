import assert from "node:assert/strict";
import { eventually } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "deliveries are settled in any order, one by one or together",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, texts("", 9));
    await using collector = new Collector(broker, queue.name, { prefetch: 9 });
    await collector.waitFor(9);
    const acks = collector.deliveries.map((delivery) => ({ kind: "ack" as const, delivery }));
    await broker.settle(acks.slice(8));
    await broker.settle([...acks.slice(0, 1), ...acks.slice(5, 8).reverse()]);
    await Promise.all(acks.slice(1, 5).reverse().map((settlement) => broker.settle([settlement])));
    await collector.stop();

    await eventually(async () => {
      const { ready, inFlight = 0, dead } = await broker.stats(queue.name);
      return ready === 0 && inFlight === 0 && dead === 0;
    });
    assert.equal(collector.deliveries.length, 9);
  },
};
