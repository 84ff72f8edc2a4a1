import { parseArgs } from "node:util";
import { type BatchesOptions, benchBatches, brokers } from "./batches/batches.ts";
import { table } from "./batches/table.ts";

const names = Object.keys(brokers) as (keyof typeof brokers)[];

const help = `deno task bench [batches] [--broker ${names.join("|")}] [--callers N,N] [--seconds N]

What the whole way of a request carries, with real processes, and a table of it.

  batches   a microservice that takes 20 ms a call for up to 64 requests, one call at a time:
            without batches, with fixed ones, and with those that the dequeuer finds by itself

  --broker NAME   one broker instead of both
  --callers N,N   how many callers at once        (default 64,256)
  --seconds N     how long each is measured       (default 8)
  --help          prints this

RabbitMQ is had as for the tests (see deno task services), or given by BROKER_URL. The figures of a
machine that has other work to do are too low.
`;

type Options = Pick<BatchesOptions, "brokers" | "connections" | "ms">;

/** @throws {Error} saying what is allowed. */
function readOptions(args: readonly string[]): Options | "help" {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      broker: { type: "string" },
      callers: { type: "string", default: "64,256" },
      seconds: { type: "string", default: "8" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const unknown = positionals.find((name) => name !== "batches");
  if (unknown !== undefined) {
    throw new Error(`there is no bench ${JSON.stringify(unknown)}; there is batches`);
  }
  const chosen = names.filter((name) => values.broker === undefined || values.broker === name);
  if (chosen.length === 0) {
    throw new Error(
      `--broker is ${JSON.stringify(values.broker)}; allowed are ${names.join(" and ")}`,
    );
  }
  return {
    brokers: chosen,
    connections: values.callers.split(",").map((text) => readCount("callers", text, 2_000)),
    ms: 1_000 * readCount("seconds", values.seconds, 600),
  };
}

function readCount(name: string, text: string, max: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= max) return value;
  throw new Error(
    `--${name} is ${JSON.stringify(text)}; allowed is a whole number from 1 to ${max}`,
  );
}

async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
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
    const log = (line: string) => console.error(line);
    console.log(table(await benchBatches({ ...options, signal: abort.signal, log })));
    return 0;
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    return abort.signal.aborted ? 130 : 1;
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
