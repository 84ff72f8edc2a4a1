import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Broker, DEAD_REASON } from "../../shared/broker/broker.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import type { BrokerOptions, DeadLetter, SoakBroker } from "./broker.ts";

/** SQLite, in a temporary file. */
export async function sqliteBroker(options: BrokerOptions): Promise<SoakBroker> {
  const { service } = options;
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "proxymq_soak_" });
  const path = join(folder, "soak.db");
  const url = `sqlite:${path}`;
  const queue = requestQueue(service);
  return {
    url,
    shown: "SQLite in a temporary file",
    async look() {
      await using broker = await openBroker(url, { name: "soak" });
      const { ready, inFlight, delayed, consumers } = await broker.stats(queue);
      return {
        ready,
        ...(inFlight === undefined ? {} : { unacknowledged: inFlight }),
        ...(delayed === undefined ? {} : { delayed }),
        consumers,
        replyQueues: replyQueues(path),
      };
    },
    async deadLetters() {
      await using broker = await openBroker(url, { name: "soak" });
      const { dead } = await broker.stats(queue);
      return await take(broker, deadLetterQueue(service), dead);
    },
    async [Symbol.asyncDispose]() {
      if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
    },
  };
}

function replyQueues(path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare("SELECT name FROM reply_queues").all().map(({ name }) => String(name));
  } finally {
    database.close();
  }
}

async function take(broker: Broker, queue: string, count: number): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  if (count === 0) return letters;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(10_000)]);
  for await (const delivery of broker.consume(queue, { prefetch: 100, signal })) {
    const { headers } = delivery.message;
    letters.push({ path: String(headers.path), reason: String(headers[DEAD_REASON]) });
    await broker.settle([{ kind: "ack", delivery }]);
    if (letters.length >= count) stop.abort();
  }
  return letters;
}
