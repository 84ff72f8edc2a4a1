import { DEAD_REASON } from "../../shared/broker/broker.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { deleteTopics } from "../../tests/support/kafka_faults.ts";
import { down, restart, up } from "../services/manager.ts";
import type { BrokerOptions, DeadLetter, SoakBroker } from "./broker.ts";

/** A Kafka server and what may be done to it. */
interface Server {
  readonly url: string;
  readonly restart?: () => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

/** Kafka, given by the environment or brought up as for the tests. */
export async function kafkaBroker(options: BrokerOptions): Promise<SoakBroker> {
  return kafkaAt(await findServer(options), options);
}

/** Kafka on a server that is there. */
export function kafkaAt(
  { url, stop, ...server }: Server,
  options: Pick<BrokerOptions, "service" | "restart">,
): SoakBroker {
  const queue = requestQueue(options.service);
  const dead = deadLetterQueue(options.service);
  return {
    url,
    shown: `Kafka at ${new URL(url).host}`,
    ...(options.restart && server.restart ? { restart: server.restart } : {}),
    async look() {
      await using broker = await openBroker(url, { name: "soak" });
      const { ready, inFlight = 0, consumers } = await broker.stats(queue);
      return { ready, unacknowledged: inFlight, consumers };
    },
    async deadLetters() {
      await using broker = await openBroker(url, { name: "soak" });
      const { ready } = await broker.stats(dead);
      const letters: DeadLetter[] = [];
      if (ready === 0) return letters;
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(30_000)]);
      for await (const delivery of broker.consume(dead, { prefetch: 100, signal })) {
        const { headers } = delivery.message;
        letters.push({ path: String(headers["path"]), reason: String(headers[DEAD_REASON]) });
        await broker.settle([{ kind: "ack", delivery }]);
        if (letters.length >= ready) stop.abort();
      }
      return letters;
    },
    async [Symbol.asyncDispose]() {
      try {
        await deleteTopics(url, [queue, dead]);
      } finally {
        await stop();
      }
    },
  };
}

async function findServer({ signal, log }: BrokerOptions): Promise<Server> {
  const given = Deno.env.get("BROKER_URL");
  if (given?.startsWith("kafka:")) return { url: given, stop: () => Promise.resolve() };
  const [service] = await up(["kafka"], { signal, log });
  if (!service) throw new Error("Kafka cannot be had");
  return {
    url: service.url,
    ...(service.how === "url" ? {} : { restart: () => restart("kafka", { signal, log }) }),
    stop: () => service.started ? down(["kafka"], { log }) : Promise.resolve(),
  };
}
