import { join } from "node:path";
import {
  type Command,
  readArguments,
  readChoice,
  readCount,
  runCommand,
} from "../../cli/command.ts";
import { benchBatches } from "./batches/batches.ts";
import { table as batchTable } from "./batches/table.ts";
import { benchBodies } from "./bodies/bodies.ts";
import { bodiesTable } from "./bodies/table.ts";
import { benchBrokers } from "./brokers/brokers.ts";
import { brokersTable } from "./brokers/table.ts";
import { record, slower } from "./compare/check.ts";
import { compare, type CompareOptions } from "./compare/compare.ts";
import { results, table } from "./compare/table.ts";
import type { VariantName } from "./compare/variants.ts";
import { benchMemory } from "./memory/memory.ts";
import { memoryTable } from "./memory/table.ts";
import { benchProfile, type ProfileOptions } from "./profile/profile.ts";
import { profileTables } from "./profile/table.ts";
import { type BrokerName, brokerNames } from "./requests/place.ts";
import { benchRequests } from "./requests/requests.ts";
import { tables } from "./requests/table.ts";
import { benchScale } from "./scale/scale.ts";
import { scaleTable } from "./scale/table.ts";
import { benchSettings } from "./settings/settings.ts";
import { settingsTable } from "./settings/table.ts";
import { benchStreams } from "./streams/streams.ts";
import { tables as streamTables } from "./streams/table.ts";

const benches = [
  ...["compare", "slow", "brokers", "batches", "requests", "streams"] as const,
  ...["bodies", "scale", "memory", "settings"] as const,
];
type Bench = typeof benches[number];
type Scene = Pick<ProfileOptions, "upstreamMs" | "concurrency" | "bytes">;

const help = `deno task bench [${benches.slice(0, 6).join("|")}
                |${benches.slice(6).join("|")}] [--quick] [--check] [--profile]
                [--broker ${brokerNames.join("|")}] [--callers N,N] [--seconds N] [--rounds N]
                [--waiting N,N] [--dequeuers N,N] [--mib N] [--json FILE]

What the whole way of a request carries and costs, with real processes, and a table of it.

  compare   one small request after the other through ProxyMQ, and through what one would use
            instead (bench/README.md), in turns, in front of a microservice that answers at once
  slow      the same with 512 callers and a microservice that takes 200 ms
  brokers   the same over each broker, in turns, with the CPU of its server. Servers are ones that
            nobody else uses, and Redis writes to disk before it confirms, as the others do
  batches   a microservice that takes 20 ms a call for up to 64 requests, one call at a time:
            without batches, with fixed ones, and with those that the dequeuer finds by itself
  requests  a request whose caller waits, and one that is answered with 202, in turns: what they
            take of the machine, and what each change of a request's state does. RabbitMQ is one
            that nobody else uses. CPU is told on Linux alone
  streams   responses that stream, beside the same ones without a queue, in turns: how long events
            take, how fast large ones come, and the memory that very large bodies take: a
            response, a request, and a response that is kept
  bodies    bodies from 1 KiB to 10 MiB there and back, beside the bare client's call and reply
  scale     what a queue carries with more and more requests waiting in it, and with more and more
            dequeuers, in front of a microservice that takes 100 ms, 8 calls at once by each
  settings  calls and replies through RabbitMQ by ProxyMQ's driver alone, with one setting changed at a
            time, in turns: queue type, confirms, prefetch, number of connections, frame size
  memory    the memory that enqueuer and dequeuer take under load over time

  --quick         two rounds of a second each; of compare and slow it takes about two minutes
  --check         of compare: exit code 1 if ProxyMQ has lost more than a quarter of the ratio to a
                  plain proxy hop that bench/recorded.json has; --record writes that file
  --profile       of compare, slow and bodies (of 1 MiB): where enqueuer and dequeuer spend their time,
                  instead; over RabbitMQ unless --broker says otherwise
  --broker NAME   one broker instead of both      (batches, requests, streams, scale)
  --callers N,N   how many callers at once        (default 1,32,256 for compare, settings, 512 for slow,
                  64,256 for batches, 1,32 for brokers, 32 for requests, 256 for memory)
  --seconds N     how long each is measured       (default 8 for batches and scale, 600 for
                  memory, 3 for settings, else 4)
  --rounds N      how many turns                  (default 5)
  --waiting N,N   of scale: how many requests wait (default 100,10000,1000000)
  --dequeuers N,N of scale: how many dequeuers    (default 1,2,4,8,16)
  --mib N         of streams: the size of the very large bodies (default 1024)
  --json FILE     of compare and slow: writes all that was measured
  --help          prints this

Without a name it is compare. RabbitMQ is had as for the tests (see deno task services), for batches
it can be given by BROKER_URL. The figures of a machine that has other work to do are too low.
`;

const recordedFile = join(import.meta.dirname ?? ".", "..", "..", "bench", "recorded.json");
const bodySizes = [2 ** 10, 10 * 2 ** 10, 100 * 2 ** 10, 2 ** 20, 10 * 2 ** 20];

const defaults: Readonly<Record<Bench, { readonly callers: string; readonly seconds: string }>> = {
  compare: { callers: "1,32,256", seconds: "4" },
  slow: { callers: "512", seconds: "4" },
  brokers: { callers: "1,32", seconds: "4" },
  batches: { callers: "64,256", seconds: "8" },
  requests: { callers: "32", seconds: "4" },
  streams: { callers: "1", seconds: "1" },
  bodies: { callers: "8", seconds: "4" },
  scale: { callers: "1", seconds: "8" },
  memory: { callers: "256", seconds: "600" },
  settings: { callers: "1,32,256", seconds: "3" },
};

const everyWay: readonly VariantName[] = [
  ...["direct", "hono", "bare", "handwritten", "quorum", "classic", "sqlite", "embedded"] as const,
];
const slowWays: readonly VariantName[] = ["direct", "handwritten", "quorum", "classic", "sqlite"];

const slowly = { upstreamMs: 200, concurrency: 512 };
/** What can be profiled, and in front of what. */
const profiled: Readonly<Partial<Record<Bench, Scene>>> = {
  compare: { upstreamMs: 0 },
  slow: slowly,
  bodies: { upstreamMs: 0, bytes: 2 ** 20 },
};

interface Options {
  readonly bench: Bench;
  readonly brokers: readonly BrokerName[];
  readonly callers: readonly number[];
  readonly ms: number;
  readonly rounds: number;
  readonly largeBytes: number;
  readonly waiting: readonly number[];
  readonly dequeuers: readonly number[];
  readonly check: boolean;
  readonly record: boolean;
  readonly profile: boolean;
  readonly json?: string;
}

/** @throws {Error} saying what is allowed. */
function read(args: readonly string[]): Options | "help" {
  const { values, positionals } = readArguments(args, {
    broker: { type: "string" },
    callers: { type: "string" },
    seconds: { type: "string" },
    rounds: { type: "string" },
    waiting: { type: "string", default: "100,10000,1000000" },
    dequeuers: { type: "string", default: "1,2,4,8,16" },
    mib: { type: "string", default: "1024" },
    json: { type: "string" },
    quick: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
  }, true);
  if (values.help) return "help";
  const [name = "compare", ...more] = positionals;
  const bench = benches.find((bench) => bench === name && more.length === 0);
  if (!bench) {
    const said = JSON.stringify(positionals.join(" "));
    throw new Error(`there is no bench ${said}; there is ${benches.join(", ")}`);
  }
  const { quick, check, record, profile, json } = values;
  if (profile && !profiled[bench]) {
    throw new Error(`--profile is of ${Object.keys(profiled).join(", ")}, not of ${bench}`);
  }
  const { callers = defaults[bench].callers, broker } = values;
  const { rounds = quick ? "2" : "5", seconds = quick ? "1" : defaults[bench].seconds } = values;
  return {
    bench,
    check,
    record,
    profile,
    brokers: broker === undefined ? brokerNames : [readChoice("broker", broker, brokerNames)],
    callers: counts("callers", callers, 2_000),
    waiting: counts("waiting", values.waiting, 10_000_000),
    dequeuers: counts("dequeuers", values.dequeuers, 100),
    ms: 1_000 * readCount("seconds", seconds, 1, 86_400),
    rounds: readCount("rounds", rounds, 1, 100),
    largeBytes: 2 ** 20 * readCount("mib", values.mib, 1, 100_000),
    ...(json === undefined ? {} : { json }),
  };
}

function counts(name: string, list: string, most: number): number[] {
  return list.split(",").map((text) => readCount(name, text, 1, most));
}

const log = (line: string) => console.error(line);

async function runCompare(options: CompareOptions, { check, record: keep, json }: Options) {
  const samples = await compare(options);
  const all = results(samples);
  console.log(table(all));
  if (json !== undefined) {
    const machine = { cores: navigator.hardwareConcurrency, os: Deno.build.target };
    await Deno.writeTextFile(json, JSON.stringify({ machine, results: all, samples }, null, 2));
  }
  if (keep) await Deno.writeTextFile(recordedFile, `${JSON.stringify(record(all), null, 2)}\n`);
  if (!check) return 0;
  const complaints = slower(all, JSON.parse(await Deno.readTextFile(recordedFile)));
  for (const complaint of complaints) console.error(complaint);
  return complaints.length > 0 ? 1 : 0;
}

const command: Command<Options> = {
  name: "bench",
  help,
  read,
  async run(options, signal) {
    const { bench, brokers, callers: connections, ms, rounds, largeBytes } = options;
    const common = { brokers, ms, rounds, signal, log };
    const scene = options.profile ? profiled[bench] : undefined;
    if (scene) {
      const [broker = "rabbitmq"] = brokers;
      const what = { ...common, broker, ...scene };
      for (const count of connections) {
        console.log(profileTables(await benchProfile({ ...what, connections: count })));
      }
      return 0;
    }
    switch (bench) {
      case "compare": {
        const what = { ...common, connections, variants: everyWay, upstreamMs: 0 };
        return await runCompare(what, options);
      }
      case "slow": {
        const what = { ...common, connections, variants: slowWays, ...slowly };
        return await runCompare(what, options);
      }
      case "brokers":
        console.log(brokersTable(await benchBrokers({ ...common, connections })));
        return 0;
      case "batches":
        console.log(batchTable(await benchBatches({ ...common, connections })));
        return 0;
      case "streams":
        console.log(streamTables(await benchStreams({ ...common, largeBytes })));
        return 0;
      case "bodies":
        console.log(bodiesTable(await benchBodies({ ...common, sizes: bodySizes })));
        return 0;
      case "scale": {
        const { waiting, dequeuers } = options;
        console.log(scaleTable(await benchScale({ ...common, waiting, dequeuers })));
        return 0;
      }
      case "settings":
        console.log(settingsTable(await benchSettings({ ...common, connections })));
        return 0;
      case "memory":
        for (const count of connections) {
          console.log(memoryTable(await benchMemory({ ...common, connections: count })));
        }
        return 0;
      case "requests":
        for (const count of connections) {
          console.log(tables(await benchRequests({ ...common, connections: count })));
        }
        return 0;
    }
  },
};

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args));
