import assert from "node:assert/strict";
import { within } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

const rounds = 30;

export const behaviour: Behaviour = {
  name: "aborting at the very first delivery leaves that to be settled",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, texts("", rounds));
    for (let round = 0; round < rounds; round++) {
      const abort = new AbortController();
      const deliveries = broker.consume(queue.name, { prefetch: 1, signal: abort.signal });
      const result = await within(deliveries[Symbol.asyncIterator]().next(), "a delivery");
      abort.abort();
      assert.ok(!result.done);
      // The broker gets the time to take it back, were it to.
      await broker.stats(queue.name);
      await broker.settle([{ kind: "ack", delivery: result.value }]);
    }
    assert.equal((await broker.stats(queue.name)).ready, 0);
  },
};
