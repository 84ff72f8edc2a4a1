import { parseArgs } from "node:util";
import { report } from "./report.ts";
import { soak, type SoakOptions } from "./soak.ts";

const help = `deno task soak [--requests N] [--connections N] [--broker rabbitmq|sqlite]

A load of requests through real processes: an enqueuer, two dequeuers, and a microservice whose
answers can be checked. During it each dequeuer is killed once (SIGKILL) and started again, after a
quarter and after half of the requests, and after three quarters the broker is stopped and started.
A caller that gets 503 tries again after Retry-After. In the end nothing may be left: no request in
the queue, no reply queue, no connection.

  --requests N          how many requests                        (default 20000)
  --connections N       how many callers at once                 (default 64)
  --broker NAME         rabbitmq, or sqlite in a temporary file  (default rabbitmq)
  --no-broker-restart   leaves the broker alone, for one that others use
  --help                prints this

RabbitMQ is had as for the tests (see deno task services), or given by BROKER_URL or
TEST_RABBITMQ_URL; one that was given is not restarted. TEST_RABBITMQ_CTL is then the command that
administers it, by which unacknowledged messages, reply queues and connections are counted.

Exit code: 0, or 1 if an answer was wrong, a request was lost, or anything was left behind.
`;

/** @throws {Error} saying what is allowed. */
function readOptions(args: readonly string[]): Omit<SoakOptions, "signal" | "log"> | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: "string", default: "20000" },
      connections: { type: "string", default: "64" },
      broker: { type: "string", default: "rabbitmq" },
      "no-broker-restart": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const connections = readCount("connections", values.connections, 1, 1_000);
  const requests = readCount("requests", values.requests, 8 * connections, 10_000_000);
  const { broker } = values;
  if (broker !== "rabbitmq" && broker !== "sqlite") {
    throw new Error(`--broker is ${JSON.stringify(broker)}; allowed are rabbitmq and sqlite`);
  }
  return { requests, connections, broker, restartBroker: !values["no-broker-restart"] };
}

function readCount(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new Error(
    `--${name} is ${JSON.stringify(text)}; allowed is a whole number from ${min} to ${max}`,
  );
}

async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : error}`);
    return 2;
  }
  if (options === "help") {
    console.log(help);
    return 0;
  }
  const abort = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const onSignal = () => abort.abort(new Error("interrupted"));
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  try {
    const result = await soak({ ...options, signal: abort.signal, log: console.log });
    const { text, failures } = report(result);
    console.log(text);
    for (const failure of failures) console.error(`soak: ${failure}`);
    return failures.length > 0 ? 1 : 0;
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : error}`);
    return abort.signal.aborted ? 130 : 1;
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
