import { eventually } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { rabbitmqTest } from "./server.ts";

const message = { body: new TextEncoder().encode("again"), headers: {} };

rabbitmqTest(
  "a consumer of a queue that another handle declared waits for it to come back",
  async (t) => {
    const [owner, guest] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await owner.declare(queue);
    await using collector = new Collector(guest, queue.name, { settle: ack });
    await eventually(async () => (await owner.stats(queue.name)).consumers === 1);
    await t.faults?.deleteQueue(queue.name);
    await owner.declare(queue);
    await owner.publish({ queue: queue.name }, [message]);
    await collector.waitFor(1);
    await eventually(async () => (await owner.stats(queue.name)).consumers === 1);
  },
  { queueType: "classic" },
);

rabbitmqTest(
  "a dead-letter queue that was deleted is declared again for the next dead letter",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name);
    await broker.publish({ queue: queue.name }, [message]);
    const [delivery] = await collector.waitFor(1);
    await t.faults?.deleteQueue(queue.deadLetterQueue);
    if (delivery) await broker.settle([{ kind: "dead", delivery, reason: "a test" }]);
    await using dead = new Collector(broker, queue.deadLetterQueue, { settle: ack });
    await dead.waitFor(1);
  },
);
