import { eventually } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { type Behaviour, withoutFault } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a queue deleted under its consumer is declared again, and consumed",
  exempt: withoutFault("deleteQueue"),
  async run(t) {
    const [broker, publisher] = [await t.open(), await t.open()];
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name, { settle: ack });
    await publisher.publish({ queue: queue.name }, [text("before")]);
    await collector.waitFor(1);

    await t.faults?.deleteQueue(queue.name);

    await eventually(async () => {
      await publisher.publish({ queue: queue.name }, [text("after")]);
      return true;
    });
    await eventually(() => collector.texts.includes("after"));
    await eventually(async () => (await publisher.stats(queue.name)).consumers === 1);
  },
};
