import assert from "node:assert/strict";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  // Else what fails again and again would keep all others waiting.
  name: "a retried message comes after those that were waiting",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, texts("", 3));
    await using collector = new Collector(broker, queue.name, { prefetch: 1 });
    for (let count = 1; count <= 6; count++) {
      const delivery = (await collector.waitFor(count)).at(-1);
      assert.ok(delivery);
      await broker.settle([
        delivery.attempt === 1
          ? { kind: "retry", delivery, delayMs: 0 }
          : { kind: "ack", delivery },
      ]);
    }
    assert.deepEqual(collector.texts, ["0", "1", "2", "0", "1", "2"]);
  },
};
