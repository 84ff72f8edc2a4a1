import assert from "node:assert/strict";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "declaring and consuming wait for a connection that is not there yet",
  async run(t) {
    const publisher = await t.open();
    const queue = t.workQueue();
    await publisher.declare(queue);
    await publisher.publish({ queue: queue.name }, [text("there")]);

    const consumer = await t.open({ wait: false });
    await using collector = new Collector(consumer, queue.name, { settle: ack });
    await (await t.open({ wait: false })).declare(queue);
    await collector.waitFor(1);
    assert.deepEqual(collector.texts, ["there"]);
  },
};
