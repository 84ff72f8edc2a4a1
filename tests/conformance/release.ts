import assert from "node:assert/strict";
import { take } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a released delivery is delivered again at once, on the same attempt",
  async run(t) {
    const [broker, other] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, [text("again", { headers: { a: 1 } })]);
    const abort = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 1, signal: abort.signal });
    const [delivery] = await take(deliveries, 1);
    assert.ok(delivery);
    abort.abort();
    await using collector = new Collector(other, queue.name, { settle: ack });
    await broker.settle([{ kind: "release", delivery }]);
    const [again] = await collector.waitFor(1);
    assert.equal(again?.attempt, 1);
    assert.deepEqual(again?.message.headers, { a: 1 });
  },
};
