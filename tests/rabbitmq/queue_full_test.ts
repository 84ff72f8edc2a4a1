import assert from "node:assert/strict";
import { QueueFullError } from "../../shared/broker/errors.ts";
import { eventually } from "../brokers.ts";
import { rabbitmqctl, rabbitmqTest } from "./server.ts";

const message = { body: new Uint8Array(1), headers: {} };

rabbitmqTest(
  "a queue that an operator's policy keeps short refuses what is too much",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await rabbitmqctl(
      ...["set_policy", queue.name, `^${queue.name}$`],
      ...[`{"max-length":1,"overflow":"reject-publish"}`, "--apply-to", "queues"],
    );
    try {
      await eventually(async () => {
        const publish = broker.publish({ queue: queue.name }, [message]);
        return await publish.then(() => false, (error) => error instanceof QueueFullError);
      });
      await assert.rejects(broker.publish({ queue: queue.name }, [message]), QueueFullError);
    } finally {
      await rabbitmqctl("clear_policy", queue.name);
    }
  },
  { needsCtl: true },
);
