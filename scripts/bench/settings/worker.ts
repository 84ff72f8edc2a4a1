/**
 * Answers each message of a queue with its own body, then acknowledges it, by ProxyMQ's driver. Prints a
 * line when it consumes.
 *
 *     deno run -A worker.ts BROKER_URL QUEUE SETTING_AS_JSON
 *
 * @module
 */
import type { Broker } from "../../../shared/broker/broker.ts";
import { openBroker } from "../../../shared/broker/open.ts";
import type { Setting } from "./setting.ts";

async function work(broker: Broker, queue: string, prefetch: number, confirm: boolean) {
  const { signal } = new AbortController();
  for await (const delivery of broker.consume(queue, { prefetch, signal })) {
    const { body, replyTo = "", correlationId = "" } = delivery.message;
    const reply = { body, headers: {}, correlationId };
    broker.publish({ queue: replyTo }, [reply], { confirm })
      .then(() => broker.settle([{ kind: "ack", delivery }]))
      .catch((error) => console.error(error));
  }
}

if (import.meta.main) {
  const [url = "", queue = "", json = ""] = Deno.args;
  const { prefetch, confirmReplies, pairs }: Setting = JSON.parse(json);
  for (let pair = 0; pair < pairs; pair++) {
    const broker = await openBroker(url, { name: "proxymq-bench" });
    await broker.declare({ kind: "work", name: queue, deadLetterQueue: `${queue}_dlq` });
    work(broker, queue, Math.ceil(prefetch / pairs), confirmReplies);
  }
  console.log("consumes");
}
