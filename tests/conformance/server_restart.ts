import assert from "node:assert/strict";
import { BrokerError } from "../../shared/broker/errors.ts";
import { eventually, take, uniqueName, within } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { Flow } from "../support/flow.ts";
import { type Behaviour, withoutFault } from "./behaviour.ts";
import { delayFor, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "after a restart of the server everything goes on by itself, nothing confirmed is lost",
  exempt: withoutFault("restart"),
  async run(t) {
    const news = uniqueName("news");
    const [publisher, consumer] = [await t.open(), await t.open()];
    const [queue, idle, reply] = [
      t.workQueue(),
      t.workQueue(),
      t.replyQueue({ broadcasts: [news] }),
    ];
    await consumer.declare(queue);
    await consumer.declare(idle);
    await consumer.declare(reply);
    await using collector = new Collector(consumer, queue.name, { prefetch: 10, settle: ack });
    await using replies = new Collector(consumer, reply.name);
    await using flow = new Flow(publisher, queue.name);
    await flow.more(100);

    await publisher.publish({ queue: idle.name }, [text("held")]);
    const { signal } = new AbortController();
    const deliveries = consumer.consume(idle.name, { prefetch: 10, signal });
    const [held] = await take(deliveries, 1);
    assert.ok(held);
    const delayMs = delayFor(publisher, 2000);
    await publisher.publish({ queue: idle.name }, [text("delayed")], { delayMs });

    await t.faults?.restart?.();

    await assert.rejects(consumer.settle([{ kind: "ack", delivery: held }]), BrokerError);
    await flow.more(100);
    await flow.stop();
    assert.ok(flow.failures > 0, "the server was never away");
    await eventually(() => {
      const came = new Set(collector.texts);
      return flow.confirmed.every((text) => came.has(text));
    });
    const again = await take(deliveries, 2, { timeoutMs: 30_000 });
    assert.deepEqual(
      again.map(({ message }) => new TextDecoder().decode(message.body)).toSorted(),
      ["delayed", "held"],
    );
    await eventually(async () => {
      await publisher.publish({ queue: reply.name }, [text("answer")]);
      return true;
    });
    await replies.waitFor(1);
    // Until the queue of the lost connection is there again, nobody hears it.
    await eventually(async () => {
      await publisher.publish({ broadcast: news }, [text("news")]);
      return replies.texts.includes("news");
    });
    await eventually(() => consumer.status.connected && publisher.status.connected);
    await eventually(async () => (await publisher.stats(queue.name)).consumers === 1);
    await within(collector.stop(), "the end of the iteration");
  },
};
