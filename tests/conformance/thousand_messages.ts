import assert from "node:assert/strict";
import type { Delivery } from "../../shared/broker/broker.ts";
import { eventually } from "../brokers.ts";
import { textOf } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "of 1000 messages to 4 consumers none is lost and none settled twice",
  async run(t) {
    const publisher = await t.open();
    const queue = t.workQueue();
    await publisher.declare(queue);
    const abort = new AbortController();
    const { signal } = abort;
    let received = 0;
    const settled: string[] = [];
    const consumers = Array.from({ length: 4 }, async () => {
      const broker = await t.open();
      const held: Delivery[] = [];
      const settle = async (count: number) => {
        const some = held.splice(0, count);
        await broker.settle(some.map((delivery) => ({ kind: "ack", delivery })));
        settled.push(...some.map(textOf));
      };
      for await (const delivery of broker.consume(queue.name, { prefetch: 25, signal })) {
        received++;
        held.push(delivery);
        // In runs of different length, never in step with the prefetch.
        if (held.length > Number(textOf(delivery)) % 7) await settle(held.length);
      }
      await settle(held.length);
    });
    const messages = texts("", 1000);
    const publishing = Array.from(
      { length: 20 },
      (_, at) => publisher.publish({ queue: queue.name }, messages.slice(at * 50, at * 50 + 50)),
    );
    await Promise.all(publishing);
    await eventually(() => received >= 1000);
    abort.abort();
    await Promise.all(consumers);
    assert.equal(settled.length, 1000);
    assert.equal(new Set(settled).size, 1000);
    await eventually(async () => {
      const { ready, inFlight = 0, dead } = await publisher.stats(queue.name);
      return ready === 0 && inFlight === 0 && dead === 0;
    });
  },
};
