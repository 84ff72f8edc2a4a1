import assert from "node:assert/strict";
import { DEAD_AT, DEAD_QUEUE, DEAD_REASON } from "../../shared/broker/broker.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameBytes, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "an expired message is never delivered; it becomes a dead letter, expired",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const before = Date.now();
    const sent = text("late", { expiration: 100, correlationId: "1", headers: { kept: "yes" } });
    await broker.publish({ queue: queue.name }, [sent, text("in time", { expiration: 60_000 })]);

    await using dead = new Collector(broker, queue.deadLetterQueue, { settle: ack });
    const [letter] = await dead.waitFor(1);
    assert.ok(letter);
    const { body, headers, correlationId, expiration } = letter.message;
    assertSameBytes(body, sent.body);
    assert.equal(correlationId, "1");
    assert.equal(expiration, undefined, "it would be gone from the dead letters too");
    assert.equal(headers.kept, "yes");
    assert.equal(headers[DEAD_REASON], "expired");
    assert.equal(headers[DEAD_QUEUE], queue.name);
    const at = Number(headers[DEAD_AT]);
    // RabbitMQ notes the time of a death in whole seconds.
    assert.ok(at >= before - 1000 && at <= Date.now() + 1000, `${DEAD_AT} is ${at}`);

    await using collector = new Collector(broker, queue.name, { settle: ack });
    await collector.waitFor(1);
    assert.deepEqual(collector.texts, ["in time"]);
    assert.deepEqual(dead.texts, ["late"]);
  },
};
