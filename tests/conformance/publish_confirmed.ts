import { take } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameMessage, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a confirmed message is there, whole, for a later consumer on another handle",
  async run(t) {
    const queue = t.workQueue();
    const sent = text("hello", {
      headers: { "proxymq-version": 1, nested: { list: ["a", "b"] } },
      messageId: "message-1",
      correlationId: "correlation-1",
      replyTo: "reply_nobody",
      contentType: "text/plain; charset=utf-8",
      type: "proxymq.request",
      priority: 3,
      timestamp: 1_700_000_000_000,
      expiration: 60_000,
    });
    const publisher = await t.open();
    await publisher.declare(queue);
    await publisher.publish({ queue: queue.name }, [sent]);

    const broker = await t.open();
    const deliveries = broker.consume(queue.name, {
      prefetch: 1,
      signal: new AbortController().signal,
    });
    for (const delivery of await take(deliveries, 1)) {
      assertSameMessage(delivery.message, sent);
      await broker.settle([{ kind: "ack", delivery }]);
    }
  },
};
