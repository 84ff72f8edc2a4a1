import { parseArgs } from "node:util";
import { runCluster, type RunOptions } from "./run.ts";
import { tables } from "./table.ts";

const help = `deno task cluster [--requests N] [--connections N] [--rate N]

Starts a RabbitMQ cluster of three nodes on this machine, and an enqueuer, two dequeuers and a
microservice whose answers can be checked. Under load, the node that leads the service's quorum
queue is killed (SIGKILL) and started again, and then the one that leads it by then. A caller that
gets 503 tries again after Retry-After. Prints what became of every request, and the pauses.

  --requests N     how many requests at least; more until both nodes are back  (default 10000)
  --connections N  how many callers at once                                    (default 32)
  --rate N         how many requests a second                                  (default 200)
  --help           prints this

RabbitMQ has to be installed. The nodes have names, ports and folders of their own.
Exit code: 0, or 1 if an answer was wrong, a request was lost, or anything was left behind.
`;

/** @throws {Error} saying what is allowed. */
function readOptions(args: readonly string[]): Omit<RunOptions, "signal" | "log"> | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: "string", default: "10000" },
      connections: { type: "string", default: "32" },
      rate: { type: "string", default: "200" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  return {
    requests: readCount("requests", values.requests, 100, 10_000_000),
    connections: readCount("connections", values.connections, 1, 1_000),
    perSecond: readCount("rate", values.rate, 1, 100_000),
  };
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
    console.error(`cluster: ${error instanceof Error ? error.message : error}`);
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
    const result = await runCluster({ ...options, signal: abort.signal, log: console.error });
    console.log(tables(result));
    return result.failures.length > 0 ? 1 : 0;
  } catch (error) {
    console.error(`cluster: ${error instanceof Error ? error.message : error}`);
    return abort.signal.aborted ? 130 : 1;
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
