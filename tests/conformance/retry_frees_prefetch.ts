import assert from "node:assert/strict";
import { take } from "../brokers.ts";
import { textOf } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { delayFor, texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a message that waits for its retry uses up no prefetch",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, texts("", 4));
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 1, signal });
    for (const expected of ["0", "1", "2", "3"]) {
      const [delivery] = await take(deliveries, 1);
      assert.ok(delivery);
      assert.equal(textOf(delivery), expected);
      await broker.settle([{ kind: "retry", delivery, delayMs: delayFor(broker, 10_000) }]);
    }
    const { ready, inFlight = 0, delayed = 4 } = await broker.stats(queue.name);
    assert.deepEqual({ ready, inFlight, delayed }, { ready: 0, inFlight: 0, delayed: 4 });
  },
};
