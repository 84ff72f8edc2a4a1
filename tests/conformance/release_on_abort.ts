import assert from "node:assert/strict";
import { eventually, take, within } from "../brokers.ts";
import { ack, Collector, textOf } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "aborting releases what was not yielded; what was can still be settled",
  async run(t) {
    const [broker, other] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, texts("", 5));
    const abort = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 5, signal: abort.signal });
    const [first, second] = await take(deliveries, 2);
    assert.ok(first && second);
    assert.deepEqual([textOf(first), textOf(second)], ["0", "1"]);

    abort.abort();
    const end = deliveries[Symbol.asyncIterator]().next();
    assert.equal((await within(end, "the end of the iteration")).done, true);
    await using collector = new Collector(other, queue.name, { settle: ack });
    await collector.waitFor(3);
    assert.deepEqual(collector.texts.toSorted(), ["2", "3", "4"]);

    await broker.settle([{ kind: "ack", delivery: first }]);
    await broker.settle([{ kind: "release", delivery: second }]);
    await collector.waitFor(4);
    assert.equal(collector.texts[3], "1");
    await eventually(async () => {
      const { ready, inFlight = 0, dead, consumers } = await other.stats(queue.name);
      return ready === 0 && inFlight === 0 && dead === 0 && consumers === 1;
    });
  },
};
