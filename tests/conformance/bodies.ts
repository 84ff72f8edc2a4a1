import assert from "node:assert/strict";
import { take } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameBytes } from "./messages.ts";

const everyByte = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
// A view into a larger buffer: only what it shows is the body.
const view = everyByte.subarray(100, 200);
const large = Uint8Array.from({ length: 10 * 1024 * 1024 }, (_, at) => (at * 2_654_435_761) >>> 24);

export const behaviour: Behaviour = {
  name: "bodies of no byte, of every byte, and of 10 MiB come through unchanged",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const bodies = [new Uint8Array(0), everyByte, view, large, new Uint8Array(1)];
    await broker.publish({ queue: queue.name }, bodies.map((body) => ({ body, headers: {} })));
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: bodies.length, signal });
    const came = await take(deliveries, bodies.length, { timeoutMs: 30_000 });
    for (const [at, body] of bodies.entries()) {
      const delivery = came[at];
      assert.ok(delivery);
      assertSameBytes(delivery.message.body, body);
      await broker.settle([{ kind: "ack", delivery }]);
    }
  },
};
