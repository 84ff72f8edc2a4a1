import assert from "node:assert/strict";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameBytes, delayFor, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a retried message comes back whole, one attempt higher, with the headers given",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const sent = text("body", {
      headers: { kept: "yes", replaced: "old", nested: { a: [1, "b"] } },
      correlationId: "correlation-1",
      replyTo: "reply_nobody",
      contentType: "text/plain",
      messageId: "message-1",
      type: "proxymq.request",
    });
    await broker.publish({ queue: queue.name }, [sent]);
    await using collector = new Collector(broker, queue.name);
    for (const attempt of [1, 2, 3]) {
      const delivery = (await collector.waitFor(attempt))[attempt - 1];
      assert.ok(delivery);
      assert.equal(delivery.attempt, attempt);
      await broker.settle([{
        kind: "retry",
        delivery,
        delayMs: attempt === 1 ? 0 : delayFor(broker, 50),
        headers: { replaced: `new ${attempt}`, [`added-${attempt}`]: attempt },
      }]);
    }
    const [last] = (await collector.waitFor(4)).slice(3);
    assert.ok(last);
    assert.equal(last.attempt, 4);
    const { body, headers, ...properties } = last.message;
    assertSameBytes(body, sent.body);
    const { kept, replaced, nested, "added-1": added1, "added-3": added3 } = headers;
    assert.deepEqual({ kept, replaced, nested, added1, added3 }, {
      kept: "yes",
      replaced: "new 3",
      nested: { a: [1, "b"] },
      added1: 1,
      added3: 3,
    });
    const { correlationId, replyTo, contentType, messageId, type } = properties;
    assert.deepEqual({ correlationId, replyTo, contentType, messageId, type }, {
      correlationId: "correlation-1",
      replyTo: "reply_nobody",
      contentType: "text/plain",
      messageId: "message-1",
      type: "proxymq.request",
    });
    await broker.settle([{ kind: "retry", delivery: last, delayMs: 0, countsAttempt: false }]);
    const [uncounted] = (await collector.waitFor(5)).slice(4);
    assert.equal(uncounted?.attempt, 4, "a retry that does not count");
    assert.equal((await broker.stats(queue.name)).dead, 0);
  },
};
