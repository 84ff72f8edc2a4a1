import assert from "node:assert/strict";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "publishing with a delay to a queue that does not exist is an error at once",
  async run(t) {
    const broker = await t.open();
    await broker.declare(t.workQueue());
    await assert.rejects(
      broker.publish({ queue: t.workQueue().name }, [text("lost")], { delayMs: 1000 }),
      QueueNotFoundError,
    );
  },
};
