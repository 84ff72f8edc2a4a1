import { openBroker } from "../../shared/broker/open.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { deleteTopics } from "../../tests/support/kafka_faults.ts";
import type { BrokerOptions, SoakBroker } from "./broker.ts";
import { takeDeadLetters } from "./dead_letters.ts";
import { brokerOn, findServer, type Server } from "./server.ts";

/** Kafka, given by the environment or brought up as for the tests. */
export async function kafkaBroker(options: BrokerOptions): Promise<SoakBroker> {
  return kafkaAt(await findServer("kafka", /^kafka:/, options), options);
}

/** Kafka on a server that is there. */
export function kafkaAt(
  server: Server,
  options: Pick<BrokerOptions, "service" | "restart">,
): SoakBroker {
  const { url } = server;
  const queue = requestQueue(options.service);
  return brokerOn(server, options, {
    title: "Kafka",
    async look() {
      await using broker = await openBroker(url, { name: "soak" });
      const { ready, inFlight = 0, consumers } = await broker.stats(queue);
      return { ready, unacknowledged: inFlight, consumers };
    },
    deadLetters: () => takeDeadLetters(url, options.service),
    remove: () => deleteTopics(url, [queue, deadLetterQueue(options.service)]),
  });
}
