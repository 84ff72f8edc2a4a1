import assert from "node:assert/strict";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "publishing to a queue that does not exist is an error, and creates nothing",
  async run(t) {
    const broker = await t.open();
    const existing = t.workQueue();
    const missing = t.workQueue();
    await broker.declare(existing);
    await assert.rejects(broker.publish({ queue: missing.name }, [text("lost")]), {
      name: QueueNotFoundError.name,
      queue: missing.name,
    });
    await assert.rejects(broker.stats(missing.name), QueueNotFoundError);
    await broker.publish({ queue: existing.name }, [text("goes on")]);
  },
};
