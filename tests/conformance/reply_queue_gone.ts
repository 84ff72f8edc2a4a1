import assert from "node:assert/strict";
import type { Message } from "../../shared/broker/broker.ts";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { eventually } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a reply queue is gone with the handle that declared it",
  async run(t) {
    const [requester, responder] = [await t.open(), await t.open()];
    const queue = t.replyQueue();
    await requester.declare(queue);
    await responder.publish({ queue: queue.name }, [text("answer")]);
    await requester[Symbol.asyncDispose]();

    const to = { queue: queue.name };
    await eventually(() =>
      responder.publish(to, [text("late")]).then(() => false, (error) => {
        assert.ok(error instanceof QueueNotFoundError, `${error}`);
        return true;
      })
    );
    const returned: Message[] = [];
    await responder.publish(to, [text("later")], {
      confirm: false,
      onUnroutable: (message) => {
        returned.push(message);
      },
    });
    await eventually(() => returned.length === 1);
  },
};
