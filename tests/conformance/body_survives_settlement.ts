import assert from "node:assert/strict";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameBytes } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a delivery's body and headers stay as they are while others come",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const messages = Array.from({ length: 200 }, (_, at) => ({
      body: new Uint8Array(2000).fill(at),
      headers: { name: `${at}`.repeat(50) },
    }));
    await using collector = new Collector(broker, queue.name, { prefetch: 20, settle: ack });
    for (let at = 0; at < 200; at += 50) {
      await broker.publish({ queue: queue.name }, messages.slice(at, at + 50));
    }
    await collector.waitFor(200);
    for (const [at, { message }] of collector.deliveries.entries()) {
      assertSameBytes(message.body, messages[at]?.body ?? new Uint8Array());
      assert.deepEqual(message.headers, messages[at]?.headers);
    }
  },
};
