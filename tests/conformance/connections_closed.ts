import assert from "node:assert/strict";
import type { BrokerStatus } from "../../shared/broker/broker.ts";
import { eventually, uniqueName } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { Flow } from "../support/flow.ts";
import { type Behaviour, withoutFault } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "after the server closed the connections everything goes on by itself, nothing is lost",
  exempt: withoutFault("closeConnections"),
  async run(t) {
    const name = uniqueName("proxymq-closed");
    const news = uniqueName("news");
    const told: BrokerStatus[] = [];
    const publisher = await t.open({ name });
    const consumer = await t.open({
      name,
      onStatus: (status) => {
        told.push(status);
      },
    });
    const [queue, reply] = [t.workQueue(), t.replyQueue({ broadcasts: [news] })];
    await consumer.declare(queue);
    await consumer.declare(reply);
    await using collector = new Collector(consumer, queue.name, { prefetch: 10, settle: ack });
    await using replies = new Collector(consumer, reply.name);
    await using flow = new Flow(publisher, queue.name);
    await flow.more(50);
    await collector.waitFor(1);

    const closed = await t.faults?.closeConnections?.(name) ?? 0;
    assert.ok(closed > 0, "there was no connection of that name");

    await flow.more(50);
    await flow.stop();
    await eventually(() => {
      const came = new Set(collector.texts);
      return flow.confirmed.every((text) => came.has(text));
    });
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
    assert.ok(told.some(({ connected }) => !connected), "nobody was told");
    await eventually(() => consumer.status.connected && publisher.status.connected);
    await eventually(async () => {
      const { ready, inFlight = 0, consumers } = await publisher.stats(queue.name);
      return ready === 0 && inFlight === 0 && consumers === 1;
    });
  },
};
