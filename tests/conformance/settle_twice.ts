import assert from "node:assert/strict";
import { DeliveryLostError } from "../../shared/broker/errors.ts";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text, texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "settling a delivery again is an error, and harms nobody else",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, texts("", 2));
    await using collector = new Collector(broker, queue.name, { prefetch: 3 });
    const [first, second] = await collector.waitFor(2);
    assert.ok(first && second);
    await broker.settle([{ kind: "ack", delivery: first }]);
    await assert.rejects(broker.settle([{ kind: "ack", delivery: first }]), DeliveryLostError);
    await assert.rejects(
      broker.settle([{ kind: "dead", delivery: first, reason: "again" }]),
      DeliveryLostError,
    );
    await broker.settle([{ kind: "ack", delivery: second }]);
    await broker.publish({ queue: queue.name }, [text("goes on")]);
    await collector.waitFor(3);
    assert.deepEqual(collector.texts, ["0", "1", "goes on"]);
    assert.equal((await broker.stats(queue.name)).dead, 0);
  },
};
