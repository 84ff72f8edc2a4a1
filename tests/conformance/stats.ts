import assert from "node:assert/strict";
import type { QueueStats } from "../../shared/broker/broker.ts";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { eventually } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { delayFor, texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "the stats of a queue tell what is ready, held, delayed and dead, and who consumes",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await assert.rejects(broker.stats(queue.name), QueueNotFoundError);
    await broker.declare(queue);
    const expect = (expected: Partial<QueueStats>) =>
      eventually(async () => {
        const stats: Partial<QueueStats> = await broker.stats(queue.name);
        // What a broker cannot say is left out.
        for (const [name, value] of Object.entries(expected)) {
          assert.equal(stats[name as keyof QueueStats] ?? value, value, name);
        }
        return stats;
      });
    const empty = await expect({ ready: 0, dead: 0, consumers: 0, inFlight: 0, delayed: 0 });
    assert.equal(empty.oldestAgeMs, undefined);

    await broker.publish({ queue: queue.name }, texts("", 6));
    const { oldestAgeMs = 0 } = await expect({ ready: 6, dead: 0, consumers: 0, inFlight: 0 });
    assert.ok(oldestAgeMs >= 0 && oldestAgeMs < 60_000, `${oldestAgeMs}`);

    await using collector = new Collector(broker, queue.name, { prefetch: 4 });
    const [one, two, three, four] = await collector.waitFor(4);
    assert.ok(one && two && three && four);
    await expect({ ready: 2, dead: 0, consumers: 1, inFlight: 4 });
    await broker.settle([
      { kind: "ack", delivery: one },
      { kind: "dead", delivery: two, reason: "for the stats" },
      { kind: "retry", delivery: three, delayMs: delayFor(broker, 10_000) },
    ]);
    await expect({ ready: 0, dead: 1, consumers: 1, inFlight: 3, delayed: 1 });
    await collector.stop();
    await broker.settle(collector.deliveries.slice(3).map(ack));
    await expect({ ready: 0, dead: 1, consumers: 0, inFlight: 0, delayed: 1 });
  },
};
