import { type Command, readArguments, readCount, runCommand } from "../../cli/command.ts";
import { clusterBrokers, runCluster, type RunOptions } from "./run.ts";
import { tables } from "./table.ts";

const help =
  `deno task cluster [--broker rabbitmq|kafka] [--requests N] [--connections N] [--rate N]

Starts a cluster of three nodes on this machine, and an enqueuer, two dequeuers and a microservice
whose answers can be checked. Under load, the node that leads the service's queue (RabbitMQ: a
quorum queue) is killed (SIGKILL) and started again, and then the one that leads it by then. A
caller that gets 503 tries again after Retry-After. Prints what became of every request, and the
pauses.

  --broker NAME    of what the cluster is                                      (default rabbitmq)
  --requests N     how many requests at least; more until both nodes are back  (default 10000)
  --connections N  how many callers at once                                    (default 32)
  --rate N         how many requests a second                                  (default 200)
  --help           prints this

RabbitMQ has to be installed; Kafka is run from its jars by java. The nodes have names, ports and
folders of their own.
Exit code: 0, or 1 if an answer was wrong, a request was lost, or anything was left behind.
`;

/** @throws {Error} saying what is allowed. */
function read(args: readonly string[]): Omit<RunOptions, "signal" | "log"> | "help" {
  const { values } = readArguments(args, {
    broker: { type: "string", default: "rabbitmq" },
    requests: { type: "string", default: "10000" },
    connections: { type: "string", default: "32" },
    rate: { type: "string", default: "200" },
  });
  if (values.help) return "help";
  const broker = clusterBrokers.find((name) => name === values.broker);
  if (!broker) {
    throw new Error(`--broker is "${values.broker}"; allowed is ${clusterBrokers.join(" or ")}`);
  }
  return {
    broker,
    requests: readCount("requests", values.requests, 100, 10_000_000),
    connections: readCount("connections", values.connections, 1, 1_000),
    perSecond: readCount("rate", values.rate, 1, 100_000),
  };
}

const command: Command<Omit<RunOptions, "signal" | "log">> = {
  name: "cluster",
  help,
  read,
  async run(options, signal) {
    const result = await runCluster({ ...options, signal, log: console.error });
    console.log(tables(result));
    return result.failures.length > 0 ? 1 : 0;
  },
};

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args));
