import assert from "node:assert/strict";
import type { Message } from "../../shared/broker/broker.ts";
import { eventually } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "an unconfirmed message comes, or is given to onUnroutable where there is no queue",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const returned: Message[] = [];
    const options = {
      confirm: false,
      onUnroutable: (message: Message) => {
        returned.push(message);
      },
    };
    await broker.publish({ queue: t.workQueue().name }, [
      text("one", { correlationId: "1" }),
      text("two", { correlationId: "2" }),
    ], options);
    await broker.publish({ queue: queue.name }, [text("three", { correlationId: "3" })], options);

    await using collector = new Collector(broker, queue.name);
    await collector.waitFor(1);
    await eventually(() => returned.length === 2);
    assert.deepEqual(returned.map(({ correlationId }) => correlationId), ["1", "2"]);
    assert.deepEqual(collector.texts, ["three"]);
  },
};
