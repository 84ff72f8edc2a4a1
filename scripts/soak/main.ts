import {
  type Command,
  readArguments,
  readChoice,
  readCount,
  runCommand,
} from "../../cli/command.ts";
import { report } from "./report.ts";
import { soak, type SoakOptions } from "./soak.ts";

const help = `deno task soak [--requests N] [--connections N] [--broker rabbitmq|redis|sqlite|kafka]

A load of requests through real processes: an enqueuer, two dequeuers, and a microservice whose
answers can be checked. During it each dequeuer is killed once (SIGKILL) and started again, after a
quarter and after half of the requests, and after three quarters the broker is stopped and started.
A caller that gets 503 tries again after Retry-After. In the end nothing may be left: no request in
the queue, no reply queue, no connection.

  --requests N          how many requests                        (default 20000)
  --connections N       how many callers at once                 (default 64)
  --broker NAME         rabbitmq, redis, kafka, or sqlite in a temporary file
                                                                 (default rabbitmq)
  --no-broker-restart   leaves the broker alone, for one that others use
  --help                prints this

RabbitMQ, Redis and Kafka are had as for the tests (see deno task services), or given by BROKER_URL,
TEST_RABBITMQ_URL, TEST_REDIS_URL or TEST_KAFKA_URL; one that was given is not restarted. TEST_RABBITMQ_CTL is then the command that
administers it, by which unacknowledged messages, reply queues and connections are counted.

Exit code: 0, or 1 if an answer was wrong, a request was lost, or anything was left behind.
`;

/** @throws {Error} saying what is allowed. */
function read(args: readonly string[]): Omit<SoakOptions, "signal" | "log"> | "help" {
  const { values } = readArguments(args, {
    requests: { type: "string", default: "20000" },
    connections: { type: "string", default: "64" },
    broker: { type: "string", default: "rabbitmq" },
    "no-broker-restart": { type: "boolean", default: false },
  });
  if (values.help) return "help";
  const connections = readCount("connections", values.connections, 1, 1_000);
  return {
    requests: readCount("requests", values.requests, 8 * connections, 10_000_000),
    connections,
    broker: readChoice("broker", values.broker, ["rabbitmq", "redis", "sqlite", "kafka"]),
    restartBroker: !values["no-broker-restart"],
  };
}

const command: Command<Omit<SoakOptions, "signal" | "log">> = {
  name: "soak",
  help,
  read,
  async run(options, signal) {
    const result = await soak({ ...options, signal, log: console.log });
    const { text, failures } = report(result);
    console.log(text);
    for (const failure of failures) console.error(`soak: ${failure}`);
    return failures.length > 0 ? 1 : 0;
  },
};

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args));
