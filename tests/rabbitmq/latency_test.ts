import assert from "node:assert/strict";
import { rabbitmqTest } from "./server.ts";

rabbitmqTest(
  "a message published, consumed and acknowledged takes a few milliseconds",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 10, signal });
    const took: number[] = [];
    let since = 0;
    const publish = () => {
      since = performance.now();
      return broker.publish({ queue: queue.name }, [{ body: new Uint8Array(100), headers: {} }]);
    };
    await publish();
    for await (const delivery of deliveries) {
      took.push(performance.now() - since);
      await broker.settle([{ kind: "ack", delivery }]);
      if (took.length === 200) break;
      await publish();
    }
    // With Nagle's algorithm left on it is over 40.
    const median = took.toSorted((a, b) => a - b)[100] ?? Infinity;
    assert.ok(median < 10, `${median} ms`);
  },
  { queueType: "classic" },
);
