import assert from "node:assert/strict";
import { QueueMismatchError } from "../../shared/broker/errors.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "declaring again changes nothing; declaring otherwise is an error, and the handle works on",
  async run(t) {
    const [broker, other] = [await t.open(), await t.open()];
    const queue = t.workQueue({ topics: ["order.paid"] });
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, [text("kept")]);
    await broker.declare(queue);
    await other.declare(queue);
    assert.equal((await broker.stats(queue.name)).ready, 1);

    const { deadLetterQueue } = t.workQueue();
    for (const handle of [broker, other]) {
      await assert.rejects(handle.declare({ ...queue, deadLetterQueue }), QueueMismatchError);
    }
    await using collector = new Collector(broker, queue.name, { settle: ack });
    await broker.publish({ queue: queue.name }, [text("goes on")]);
    await collector.waitFor(2);
    assert.deepEqual(collector.texts, ["kept", "goes on"]);
  },
};
