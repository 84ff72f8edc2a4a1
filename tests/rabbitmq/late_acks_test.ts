import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Broker, Delivery } from "../../shared/broker/broker.ts";
import { eventually } from "../brokers.ts";
import { rabbitmqTest } from "./server.ts";

const count = 300;
const message = { headers: {}, body: new Uint8Array(1) };

/** Takes that many, with prefetch to spare, and ends the iteration. */
async function takeAll(broker: Broker, queue: string): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  const stop = new AbortController();
  const options = { prefetch: count + 1, signal: stop.signal };
  for await (const delivery of broker.consume(queue, options)) {
    deliveries.push(delivery);
    if (deliveries.length === count) break;
  }
  return deliveries;
}

for (const queueType of ["quorum", "classic"] as const) {
  for (const end of ["the end of a consumer", "the closing of the handle"] as const) {
    rabbitmqTest(`${queueType}: many acks just before ${end} all count`, async (t) => {
      const [broker, watcher] = [await t.open(), await t.open()];
      const { name: queue, ...rest } = t.workQueue();
      await watcher.declare({ ...rest, name: queue });
      await watcher.publish({ queue }, Array(count).fill(message));
      const handle = end === "the closing of the handle" ? await t.open() : broker;
      const deliveries = await takeAll(handle, queue);
      const ready = async () => (await watcher.stats(queue)).ready;
      // One more, which nobody gets once the consumer is cancelled.
      await watcher.publish({ queue }, [message]);
      await eventually(async () => await ready() === 1);
      await handle.settle(deliveries.map((delivery) => ({ kind: "ack", delivery })));
      if (handle !== broker) await handle[Symbol.asyncDispose]();
      // What does not count comes back within moments.
      for (let look = 0; look < 10; look++) {
        assert.equal(await ready(), 1);
        await delay(100);
      }
    }, { queueType });
  }
}
