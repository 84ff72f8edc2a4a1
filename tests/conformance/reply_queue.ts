import assert from "node:assert/strict";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a reply queue takes answers from other handles, past any prefetch, without settling",
  async run(t) {
    const [requester, responder] = [await t.open(), await t.open()];
    const queue = t.replyQueue();
    await requester.declare(queue);
    await requester.declare(queue);
    await using collector = new Collector(requester, queue.name, { prefetch: 1 });
    const transient = texts("", 60).map((message) => ({ ...message, durable: false }));
    await responder.publish({ queue: queue.name }, transient.slice(0, 30));
    await responder.publish({ queue: queue.name }, transient.slice(30, 59), { confirm: false });
    await requester.publish({ queue: queue.name }, transient.slice(59));
    await collector.waitFor(60);
    const numbers = collector.texts.map(Number);
    assert.deepEqual(numbers.toSorted((a, b) => a - b), Array.from({ length: 60 }, (_, at) => at));
    assert.deepEqual(
      numbers.filter((number) => number < 59),
      numbers.slice().sort((a, b) => a - b)
        .filter((number) => number < 59),
    );
  },
};
