import assert from "node:assert/strict";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameBytes, clockFuzzMs, delayFor, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a message published with a delay comes after it, on its first attempt",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name, { settle: ack });
    const delayMs = delayFor(broker, 600);
    const sent = text("later", {
      headers: { kept: "yes" },
      correlationId: "1",
      expiration: 60_000,
    });
    const start = performance.now();
    await broker.publish({ queue: queue.name }, [sent], { delayMs });
    await broker.publish({ queue: queue.name }, [text("now")]);
    const { delayed = 1 } = await broker.stats(queue.name);
    assert.equal(delayed, 1);
    await collector.waitFor(2);
    const took = performance.now() - start;
    assert.deepEqual(collector.texts, ["now", "later"]);
    assert.ok(took >= delayMs - clockFuzzMs, `${took} ms, sooner than ${delayMs} ms`);
    assert.ok(took < delayMs + 2000, `${took} ms, long after ${delayMs} ms`);
    const [, later] = collector.deliveries;
    assert.ok(later);
    assertSameBytes(later.message.body, sent.body);
    assert.equal(later.attempt, 1);
    assert.equal(later.message.correlationId, "1");
    assert.equal(later.message.headers.kept, "yes");
  },
};
