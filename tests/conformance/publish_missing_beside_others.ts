import assert from "node:assert/strict";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text, texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a publish that fails does not fail those beside it",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    const missing = t.workQueue();
    await broker.declare(queue);
    const good = texts("good", 20).map((message) =>
      broker.publish({ queue: queue.name }, [message])
    );
    const bad = broker.publish({ queue: missing.name }, [text("bad")]);
    const more = texts("more", 20).map((message) =>
      broker.publish({ queue: queue.name }, [message])
    );
    await assert.rejects(bad, QueueNotFoundError);
    await Promise.all([...good, ...more]);
    await using collector = new Collector(broker, queue.name);
    await collector.waitFor(40);
  },
};
