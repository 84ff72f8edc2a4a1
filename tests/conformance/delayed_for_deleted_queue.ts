import { ack, Collector } from "../support/collector.ts";
import { type Behaviour, withoutFault } from "./behaviour.ts";
import { delayFor, text, texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "messages delayed for a queue that is gone by then hold up nobody else's",
  exempt: withoutFault("deleteQueue"),
  async run(t) {
    const broker = await t.open();
    const [gone, queue] = [t.workQueue(), t.workQueue()];
    await broker.declare(gone);
    await broker.declare(queue);
    const delayMs = delayFor(broker, 500);
    // More than the 32 that RabbitMQ's dead-letter worker has under way at once.
    await broker.publish({ queue: gone.name }, texts("", 100), { delayMs });
    await t.faults?.deleteQueue(gone.name);

    await using collector = new Collector(broker, queue.name, { settle: ack });
    await broker.publish({ queue: queue.name }, [text("one")], { delayMs });
    await collector.waitFor(1);
    await broker.publish({ queue: queue.name }, [text("two")], { delayMs });
    await collector.waitFor(2);
  },
};
