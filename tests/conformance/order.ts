import assert from "node:assert/strict";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "the messages of one publisher keep their order",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const messages = texts("", 60);
    await broker.publish({ queue: queue.name }, messages.slice(0, 20));
    await using collector = new Collector(broker, queue.name, { prefetch: 7, settle: ack });
    await broker.publish({ queue: queue.name }, messages.slice(20, 40));
    for (const message of messages.slice(40)) {
      await broker.publish({ queue: queue.name }, [message]);
    }
    await collector.waitFor(60);
    assert.deepEqual(collector.texts, Array.from({ length: 60 }, (_, at) => `${at}`));
  },
};
