import { type Broker, DEAD_REASON } from "../../shared/broker/broker.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import type { DeadLetter } from "./broker.ts";

/** Takes out a service's dead letters, by ProxyMQ's own driver. */
export async function takeDeadLetters(url: string, service: string): Promise<DeadLetter[]> {
  await using broker = await openBroker(url, { name: "soak" });
  const { dead } = await broker.stats(requestQueue(service));
  return await take(broker, deadLetterQueue(service), dead);
}

async function take(broker: Broker, queue: string, count: number): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  if (count === 0) return letters;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(30_000)]);
  for await (const delivery of broker.consume(queue, { prefetch: 100, signal })) {
    const { headers } = delivery.message;
    letters.push({ path: String(headers.path), reason: String(headers[DEAD_REASON]) });
    await broker.settle([{ kind: "ack", delivery }]);
    if (letters.length >= count) stop.abort();
  }
  return letters;
}
