import assert from "node:assert/strict";
import { eventually } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text, texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a consumer holds as many as its prefetch, and gets one more when it settles one",
  async run(t) {
    const [broker, other] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await broker.declare(queue);
    await using full = new Collector(broker, queue.name, { prefetch: 3 });
    await broker.publish({ queue: queue.name }, texts("", 4));
    const [first] = await full.waitFor(3);

    // Another consumer gets the fourth: so the first one was not sent it.
    await using free = new Collector(other, queue.name, { settle: ack });
    await free.waitFor(1);
    await free.stop();
    await eventually(async () => (await other.stats(queue.name)).consumers === 1);

    await broker.publish({ queue: queue.name }, [text("fifth")]);
    await eventually(async () => (await broker.stats(queue.name)).ready === 1);
    assert.equal(full.deliveries.length, 3);
    assert.ok(first);
    await broker.settle([{ kind: "ack", delivery: first }]);
    await full.waitFor(4);
    assert.equal(full.texts[3], "fifth");
  },
};
