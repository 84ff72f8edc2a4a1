import assert from "node:assert/strict";
import { take } from "../brokers.ts";
import { textOf } from "../support/collector.ts";
import { type Behaviour, withoutShares } from "./behaviour.ts";
import { text } from "./messages.ts";

const each = 12;

export const behaviour: Behaviour = {
  name: "urgent messages get the larger share, and the others go on too, both in their order",
  exempt: withoutShares,
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const messages = (priorities: readonly (number | undefined)[]) =>
      Array.from({ length: each }, (_, at) => {
        const priority = priorities[at % priorities.length];
        return text(`${at}`, priority === undefined ? {} : { priority });
      });
    await broker.publish({ queue: queue.name }, messages([undefined, 0, 4]));
    await broker.publish({ queue: queue.name }, messages([5, 9, 7]));
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 1, signal });
    const urgent: string[] = [];
    const others: string[] = [];
    while (urgent.length < each) {
      for (const delivery of await take(deliveries, 1)) {
        const { priority = 0 } = delivery.message;
        (priority >= 5 ? urgent : others).push(textOf(delivery));
        await broker.settle([{ kind: "ack", delivery }]);
      }
    }
    const inOrder = Array.from({ length: each }, (_, at) => `${at}`);
    assert.deepEqual(urgent, inOrder);
    assert.deepEqual(others, inOrder.slice(0, others.length));
    assert.ok(others.length > 0 && others.length < each, `${others.length} of ${each}`);
  },
};
