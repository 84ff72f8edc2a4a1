import assert from "node:assert/strict";
import { BrokerError } from "../../shared/broker/errors.ts";
import { take, within } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a handle disposed of ends its iterations, rejects later calls, and is disposed of again",
  async run(t) {
    const [broker, other] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await other.declare(queue);
    await other.publish({ queue: queue.name }, [text("held")]);
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 10, signal });
    const [delivery] = await take(deliveries, 1);
    assert.ok(delivery);
    const next = deliveries[Symbol.asyncIterator]().next();
    const disposal = broker[Symbol.asyncDispose]();
    assert.equal((await within(next, "the end of the iteration")).done, true);
    await within(disposal, "the disposal");

    assert.equal(broker.status.connected, false);
    await assert.rejects(broker.settle([{ kind: "ack", delivery }]), BrokerError);
    await assert.rejects(broker.publish({ queue: queue.name }, [text("late")]), BrokerError);
    await assert.rejects(broker.declare(queue), BrokerError);
    await assert.rejects(broker.stats(queue.name), BrokerError);
    await within(broker[Symbol.asyncDispose](), "the second disposal");

    await using collector = new Collector(other, queue.name, { settle: ack });
    await collector.waitFor(1);
    assert.deepEqual(collector.texts, ["held"]);
  },
};
