/**
 * Keeps a number of requests in a service's queue: each reply makes room for another. Prints `full` when
 * they are there; then, from some time after the first reply on, how many replies came, as JSON.
 *
 *     deno run -A feeder.ts BROKER_URL SERVICE REQUESTS SETTLE_MS MS
 *
 * @module
 */
import type { Broker } from "../../../shared/broker/broker.ts";
import { openBroker } from "../../../shared/broker/open.ts";
import { encodeRequest } from "../../../shared/message/envelope.ts";
import { newRequestId } from "../../../shared/message/request_id.ts";
import { deadLetterQueue, requestQueue } from "../../../shared/service_name.ts";

/** What the feeder saw. */
export interface Fed {
  /** Replies, and the seconds in which they came. */
  readonly count: number;
  readonly seconds: number;
}

/** How many are published at once while the queue is filled. */
const filledAtOnce = 1_000;
const body = new TextEncoder().encode('{"text":"hello"}');

function requests(count: number, replyTo: string) {
  const now = Date.now();
  return Array.from({ length: count }, () => {
    const headers = { "content-type": "application/json" };
    const request = { id: newRequestId(), method: "POST", path: "/", headers, body, replyTo };
    return encodeRequest(request, now);
  });
}

async function feed(broker: Broker, [service = "", total, settleMs, ms]: string[]): Promise<Fed> {
  const name = requestQueue(service);
  await broker.declare({ kind: "work", name, deadLetterQueue: deadLetterQueue(service) });
  const replyTo = `reply_${crypto.randomUUID()}`;
  await broker.declare({ kind: "reply", name: replyTo });
  const send = (count: number) => broker.publish({ queue: name }, requests(count, replyTo));
  for (let left = Number(total); left > 0; left -= filledAtOnce) {
    await send(Math.min(left, filledAtOnce));
  }
  console.log("full");
  let from = Infinity;
  let count = 0;
  const { signal } = new AbortController();
  for await (const _ of broker.consume(replyTo, { prefetch: 1_000, signal })) {
    const now = performance.now();
    if (from === Infinity) from = now + Number(settleMs);
    const seconds = (now - from) / 1_000;
    if (seconds > Number(ms) / 1_000) return { count, seconds };
    if (now >= from) count++;
    send(1).catch((error) => console.error(error));
  }
  throw new Error("the broker was closed");
}

if (import.meta.main) {
  const [url = "", ...rest] = Deno.args;
  await using broker = await openBroker(url, { name: "proxymq-bench" });
  console.log(JSON.stringify(await feed(broker, rest)));
}
