import assert from "node:assert/strict";
import { take } from "../brokers.ts";
import { ack, Collector, textOf } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "what a consumer held when it died is delivered again, and counted as redelivered",
  async run(t) {
    const [dying, other] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await other.declare(queue);
    await other.publish({ queue: queue.name }, texts("", 2));
    const { signal } = new AbortController();
    const [held] = await take(dying.consume(queue.name, { prefetch: 2, signal }), 1);
    assert.ok(held);
    assert.equal(held.redeliveries, 0);
    await dying[Symbol.asyncDispose]();

    await using collector = new Collector(other, queue.name, { settle: ack });
    await collector.waitFor(2);
    const again = collector.deliveries.find((delivery) => textOf(delivery) === textOf(held));
    assert.ok(again);
    assert.equal(again.attempt, 1);
    if (other.capabilities.countsRedeliveries) assert.equal(again.redeliveries, 1);
    else assert.equal(again.redeliveries, 0);
  },
};
