import { type Command, readArguments, readChoice, readCount, runCommand } from "../command.ts";
import { benchBatches } from "./batches/batches.ts";
import { table } from "./batches/table.ts";
import { type BrokerName, brokerNames } from "./requests/place.ts";
import { benchRequests } from "./requests/requests.ts";
import { tables } from "./requests/table.ts";
import { benchStreams } from "./streams/streams.ts";
import { tables as streamTables } from "./streams/table.ts";

const help = `deno task bench batches|requests|streams [--broker ${brokerNames.join("|")}]
                [--callers N,N] [--seconds N] [--rounds N] [--mib N]

What the whole way of a request carries and costs, with real processes, and a table of it.

  batches   a microservice that takes 20 ms a call for up to 64 requests, one call at a time:
            without batches, with fixed ones, and with those that the dequeuer finds by itself
  requests  a request whose caller waits, and one that is answered with 202, in turns: what they
            take of the machine, and what each change of a request's state does. RabbitMQ is one
            that nobody else uses. CPU is told on Linux alone
  streams   responses that stream, beside the same ones without a queue, in turns: how long events
            take, how fast large ones come, and the memory that very large bodies take: a
            response, a request, and a response that is kept

  --broker NAME   one broker instead of both
  --callers N,N   how many callers at once        (default 64,256 for batches, 32 for requests)
  --seconds N     how long each is measured       (default 8 for batches, 4 for requests)
  --rounds N      of requests and streams: how many turns (default 5)
  --mib N         of streams: the size of the very large bodies (default 1024)
  --help          prints this

Without a name it is batches. RabbitMQ is had as for the tests (see deno task services), for batches
it can be given by BROKER_URL. The figures of a machine that has other work to do are too low.
`;

const benches = ["batches", "requests", "streams"] as const;

interface Options {
  readonly bench: typeof benches[number];
  readonly brokers: readonly BrokerName[];
  readonly callers: readonly number[];
  readonly ms: number;
  readonly rounds: number;
  readonly largeBytes: number;
}

/** @throws {Error} saying what is allowed. */
function read(args: readonly string[]): Options | "help" {
  const { values, positionals } = readArguments(args, {
    broker: { type: "string" },
    callers: { type: "string" },
    seconds: { type: "string" },
    rounds: { type: "string", default: "5" },
    mib: { type: "string", default: "1024" },
  }, true);
  if (values.help) return "help";
  const [name = "batches", ...more] = positionals;
  const bench = benches.find((bench) => bench === name && more.length === 0);
  if (!bench) {
    throw new Error(
      `there is no bench ${JSON.stringify(positionals.join(" "))}; there is ${
        benches.join(" and ")
      }`,
    );
  }
  const defaults = { batches: ["64,256", "8"], requests: ["32", "4"], streams: ["1", "1"] }[bench];
  const { callers = defaults[0] ?? "", seconds = defaults[1] ?? "", broker, rounds, mib } = values;
  return {
    bench,
    brokers: broker === undefined ? brokerNames : [readChoice("broker", broker, brokerNames)],
    callers: callers.split(",").map((text) => readCount("callers", text, 1, 2_000)),
    ms: 1_000 * readCount("seconds", seconds, 1, 600),
    rounds: readCount("rounds", rounds, 1, 100),
    largeBytes: 2 ** 20 * readCount("mib", mib, 1, 100_000),
  };
}

const command: Command<Options> = {
  name: "bench",
  help,
  read,
  async run({ bench, brokers, callers, ms, rounds, largeBytes }, signal) {
    const common = { brokers, ms, signal, log: (line: string) => console.error(line) };
    if (bench === "batches") {
      console.log(table(await benchBatches({ ...common, connections: callers })));
      return 0;
    }
    if (bench === "streams") {
      console.log(streamTables(await benchStreams({ ...common, rounds, largeBytes })));
      return 0;
    }
    for (const connections of callers) {
      console.log(tables(await benchRequests({ ...common, connections, rounds })));
    }
    return 0;
  },
};

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args));
