import assert from "node:assert/strict";
import { uniqueName } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "each message to a topic that no queue is bound to is told before the promise resolves",
  async run(t) {
    const broker = await t.open();
    const topic = uniqueName("order");
    const told: (string | undefined)[] = [];
    const publish = (to: string, ...ids: string[]) =>
      broker.publish(
        { topic: to },
        ids.map((messageId) => text(messageId, { messageId })),
        { onUnroutable: ({ messageId }) => told.push(messageId) },
      );
    await publish(topic, "one", "two");
    assert.deepEqual(told, ["one", "two"]);

    const queue = t.workQueue({ topics: [`${topic}.#`] });
    await broker.declare(queue);
    // At once, so that what comes back stands among what does not.
    await Promise.all([
      publish(`${topic}.paid`, "three"),
      publish(`other.${topic}`, "four"),
      publish(`${topic}.sent`, "five", "six"),
    ]);
    assert.deepEqual(told, ["one", "two", "four"]);
    await using collector = new Collector(broker, queue.name, { settle: ack });
    await collector.waitFor(3);
    assert.deepEqual(collector.texts, ["three", "five", "six"]);
  },
};
