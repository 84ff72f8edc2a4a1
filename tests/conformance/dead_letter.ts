import assert from "node:assert/strict";
import { DEAD_AT, DEAD_QUEUE, DEAD_REASON } from "../../shared/broker/broker.ts";
import { eventually, take } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameBytes, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a dead message stands in the dead-letter queue, whole, with the reason",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const sent = text("poison", {
      headers: { kept: "yes" },
      correlationId: "correlation-1",
      contentType: "text/plain",
      expiration: 60_000,
    });
    await broker.publish({ queue: queue.name }, [sent]);
    const { signal } = new AbortController();
    const [delivery] = await take(broker.consume(queue.name, { prefetch: 1, signal }), 1);
    assert.ok(delivery);
    const before = Date.now();
    const reason = "upstream said 400: ünlesbar";
    await broker.settle([{ kind: "dead", delivery, reason, headers: { status: 400 } }]);
    await eventually(async () => {
      const { ready, dead } = await broker.stats(queue.name);
      return ready === 0 && dead === 1;
    });

    const dead = broker.consume(queue.deadLetterQueue, { prefetch: 1, signal });
    const [letter] = await take(dead, 1);
    assert.ok(letter);
    const { body, headers, correlationId, contentType, expiration } = letter.message;
    assertSameBytes(body, sent.body);
    assert.equal(correlationId, "correlation-1");
    assert.equal(contentType, "text/plain");
    assert.equal(expiration, undefined, "it would be gone from the dead letters too");
    assert.equal(headers.kept, "yes");
    assert.equal(headers.status, 400);
    assert.equal(headers[DEAD_REASON], reason);
    assert.equal(headers[DEAD_QUEUE], queue.name);
    const at = Number(headers[DEAD_AT]);
    assert.ok(at >= before - 1000 && at <= Date.now() + 1000, `${DEAD_AT} is ${at}`);
    await broker.settle([{ kind: "ack", delivery: letter }]);
    await eventually(async () => (await broker.stats(queue.name)).dead === 0);
  },
};
