import assert from "node:assert/strict";
import type { Delivery } from "../../shared/broker/broker.ts";
import { eventually, take } from "../brokers.ts";
import { textOf } from "../support/collector.ts";
import { type Behaviour, withoutAnyPriorities } from "./behaviour.ts";
import { delayFor, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a message keeps its priority through a delay, a retry and its death",
  exempt: withoutAnyPriorities,
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const to = { queue: queue.name };
    const ready = (count: number) =>
      eventually(async () => (await broker.stats(queue.name)).ready === count);
    /** What is delivered first of what is ready; it is held, and the rest given back. */
    const first = async (): Promise<Delivery> => {
      const abort = new AbortController();
      const { signal } = abort;
      const [delivery] = await take(broker.consume(queue.name, { prefetch: 1, signal }), 1);
      abort.abort();
      assert.ok(delivery);
      assert.equal(textOf(delivery), "urgent");
      assert.equal(delivery.message.priority, 9);
      return delivery;
    };

    await broker.publish(to, [text("low"), text("low", { priority: 1 })]);
    await broker.publish(to, [text("urgent", { priority: 9 })], {
      delayMs: delayFor(broker, 100),
    });
    await ready(3);
    const delayed = await first();
    const delayMs = delayFor(broker, 100);
    await broker.settle([{ kind: "retry", delivery: delayed, delayMs }]);
    await ready(3);
    const retried = await first();
    assert.equal(retried.attempt, 2);
    await broker.settle([{ kind: "dead", delivery: retried, reason: "for its priority" }]);
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.deadLetterQueue, { prefetch: 1, signal });
    const [dead] = await take(deliveries, 1);
    assert.equal(dead?.message.priority, 9);
  },
};
