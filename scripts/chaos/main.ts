import { type Command, readArguments, readChoice, runCommand } from "../../cli/command.ts";
import { type OwnServer, startOwnServer } from "./own_server.ts";
import { type BrokerName, isFor, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { runScenario, type Verdict } from "./stand.ts";
import { table } from "./table.ts";

const brokers: readonly BrokerName[] = ["rabbitmq", "redis", "sqlite", "kafka"];
const names = scenarios.map(({ name }) => name);
const only = {
  any: "",
  server: " (not on sqlite)",
  network: " (not on sqlite)",
  rabbitmq: " (rabbitmq only)",
  redis: " (redis only)",
  sqlite: " (sqlite only)",
};
const nameWidth = Math.max(...names.map((name) => name.length));

const help = `deno task chaos [--broker rabbitmq|redis|sqlite|kafka] [--short] [--json] [FAULT...]

Does faults to real processes under load (an enqueuer, two dequeuers, a microservice whose answers
can be checked) and keeps account of every request. At the end of each, every request that was
accepted has been answered, was told 502 or 504, or stands in the dead letters, and nothing is left
over: no request, connection, channel, consumer, queue, file handle. Prints a table.

Faults:
${
  scenarios.map(({ name, title, broker }) => `  ${name.padEnd(nameWidth)}  ${title}${only[broker]}`)
    .join("\n")
}

Options:
  --broker NAME  only on this one
  --short        the short versions, as the tests run them
  --json         the table as JSON
  --help         prints this

RabbitMQ, Redis and Kafka are servers of their own: in Docker, or installed on this machine (Kafka: from
its jars).
Exit code: 0, or 1 if anything was lost, wrong or left over.
`;

interface Choice {
  readonly broker: BrokerName;
  readonly scenario: Scenario;
}

interface Options {
  readonly choices: readonly Choice[];
  readonly short: boolean;
  readonly json: boolean;
}

/** @throws {Error} saying what is allowed. */
function read(args: readonly string[]): Options | "help" {
  const { values, positionals } = readArguments(args, {
    broker: { type: "string" },
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  }, true);
  if (values.help) return "help";
  const wanted: readonly string[] = positionals;
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`there is no fault ${JSON.stringify(unknown)}; there are ${names.join(", ")}`);
  }
  const { broker: only } = values;
  const chosen = only === undefined ? brokers : [readChoice("broker", only, brokers)];
  const choices = chosen.flatMap((broker) =>
    scenarios
      .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
      .filter((scenario) => isFor(scenario, broker))
      .map((scenario) => ({ broker, scenario }))
  );
  if (choices.length === 0) throw new Error("none of these faults is for this broker");
  return { choices, short: values.short, json: values.json };
}

/** Does them one after the other. Returns what they came to, and how many could not be done. */
async function doAll(options: Options, signal: AbortSignal): Promise<[Verdict[], number]> {
  const log = (line: string) => console.error(line);
  await using stack = new AsyncDisposableStack();
  const servers = new Map<BrokerName, OwnServer>();
  const verdicts: Verdict[] = [];
  let broken = 0;
  for (const { broker, scenario } of options.choices) {
    const missing = await scenario.missing?.();
    if (missing !== undefined) {
      log(`${scenario.title}: left out, ${missing}`);
      continue;
    }
    if (broker !== "sqlite" && !servers.has(broker)) {
      servers.set(broker, stack.use(await startOwnServer({ broker, signal, log })));
    }
    const server = servers.get(broker);
    const own = server ? { server } : {};
    try {
      const { short } = options;
      const verdict = await runScenario(scenario, { broker, ...own, short, signal, log });
      verdicts.push(verdict);
      for (const failure of verdict.failures) log(`${scenario.title}: ${failure}`);
    } catch (error) {
      if (signal.aborted) throw error;
      broken++;
      log(`${scenario.title}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return [verdicts, broken];
}

const command: Command<Options> = {
  name: "chaos",
  help,
  read,
  async run(options, signal) {
    const [verdicts, broken] = await doAll(options, signal);
    console.log(options.json ? JSON.stringify(verdicts, null, 2) : table(verdicts));
    return broken > 0 || verdicts.some(({ failures }) => failures.length > 0) ? 1 : 0;
  },
};

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args));
