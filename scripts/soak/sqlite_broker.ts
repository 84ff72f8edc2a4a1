import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openBroker } from "../../shared/broker/open.ts";
import { requestQueue } from "../../shared/service_name.ts";
import type { BrokerOptions, SoakBroker } from "./broker.ts";
import { takeDeadLetters } from "./dead_letters.ts";

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
    deadLetters: () => takeDeadLetters(url, service),
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
