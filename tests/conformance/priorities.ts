import assert from "node:assert/strict";
import { take } from "../brokers.ts";
import { textOf } from "../support/collector.ts";
import { type Behaviour, withoutPriorities } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "the most urgent message comes first, equally urgent ones in their order",
  exempt: withoutPriorities,
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, [
      text("none"),
      text("low", { priority: 1 }),
      text("high", { priority: 9 }),
      text("middle", { priority: 5 }),
      text("high too", { priority: 9 }),
      text("zero", { priority: 0 }),
    ]);
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 1, signal });
    const order: string[] = [];
    for (let count = 0; count < 6; count++) {
      for (const delivery of await take(deliveries, 1)) {
        order.push(textOf(delivery));
        await broker.settle([{ kind: "ack", delivery }]);
      }
    }
    assert.deepEqual(order, ["high", "high too", "middle", "low", "none", "zero"]);
  },
};
