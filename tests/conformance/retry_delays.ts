import assert from "node:assert/strict";
import { ack, Collector, textOf } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { clockFuzzMs, delayFor, texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a long delay does not hold up a shorter one, and both are kept",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const delays = [2400, 1200, 400].map((delay) => delayFor(broker, delay));
    await broker.publish({ queue: queue.name }, texts("", delays.length));

    const retried: number[] = [];
    const late: { text: string; took: number }[] = [];
    await using collector = new Collector(broker, queue.name, {
      settle(delivery) {
        const at = Number(textOf(delivery));
        if (delivery.attempt === 1) {
          retried[at] = performance.now();
          return { kind: "retry", delivery, delayMs: delays[at] ?? 0 };
        }
        late.push({ text: `${at}`, took: performance.now() - (retried[at] ?? 0) });
        return ack(delivery);
      },
    });
    await collector.waitFor(2 * delays.length);

    assert.deepEqual(late.map(({ text }) => text), ["2", "1", "0"]);
    for (const { text, took } of late) {
      const delay = delays[Number(text)] ?? 0;
      assert.ok(took >= delay - clockFuzzMs, `${took} ms, sooner than ${delay} ms`);
      assert.ok(took < delay + 2000, `${took} ms, long after ${delay} ms`);
    }
  },
};
