import { take } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameMessage, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a message without properties comes without any, a transient one as such",
  async run(t) {
    const queue = t.workQueue();
    const broker = await t.open();
    await broker.declare(queue);
    const sent = [text("bare"), text("transient", { durable: false })];
    await broker.publish({ queue: queue.name }, sent);
    const { signal } = new AbortController();
    const came = await take(broker.consume(queue.name, { prefetch: 2, signal }), 2);
    for (const [at, delivery] of came.entries()) {
      assertSameMessage(delivery.message, sent[at] ?? text(""));
    }
  },
};
