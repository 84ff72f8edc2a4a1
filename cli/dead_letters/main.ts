/**
 * `proxymq dead-letters`: looks at dead letters and deals with them.
 *
 * @module
 */
import { BrokerUrlError, QueueNotFoundError } from "../../shared/broker/errors.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { brokerUrl, commonVariables } from "../../shared/config/common.ts";
import { ConfigError, loadConfig } from "../../shared/config/config.ts";
import { withSecretFiles } from "../../shared/config/secret_files.ts";
import { UnfinishedError } from "../../shared/dead_letters/work.ts";
import { termination } from "../../shared/lifecycle.ts";
import type { Call } from "../../shared/cli.ts";
import { args, exit, readEnv } from "../../shared/runtime.ts";
import { type Arguments, parseArguments, UsageError } from "./arguments.ts";
import { commands } from "./commands.ts";
import { help } from "./help.ts";

const { BROKER_URL, RABBITMQ_QUEUE_TYPE } = commonVariables;

async function run(given: Arguments): Promise<number> {
  const variables = { BROKER_URL, RABBITMQ_QUEUE_TYPE };
  const config = loadConfig(variables, withSecretFiles(variables, readEnv));
  const interrupt = new AbortController();
  termination().then(() => interrupt.abort());
  await using broker = await openBroker(brokerUrl(config), { name: "proxymq-dead-letters" });
  try {
    return await commands[given.command](broker, given, interrupt.signal);
  } catch (error) {
    if (!(error instanceof QueueNotFoundError)) throw error;
    throw new Error(
      `${error.message} (${broker.status.detail}): is the service's name right? ` +
        "A dequeuer makes the queues when it first runs",
    );
  }
}

function explain(error: unknown): number {
  const say = (text: string) => console.error(`dead-letters: ${text}`);
  if (error instanceof UsageError) {
    say(error.message);
    say("see --help");
    return 2;
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) say(problem);
    return 2;
  }
  if (error instanceof UnfinishedError) {
    const { done, total } = error.tally;
    say(`${error.message}; ${done} of ${total} are done, the rest is as it was`);
    return 1;
  }
  say(error instanceof Error ? error.message : String(error));
  return error instanceof BrokerUrlError ? 2 : 1;
}

/** @returns the exit code. */
export async function main({ command, args }: Call): Promise<number> {
  try {
    const given = parseArguments(args);
    if (given) return await run(given);
    console.log(help(command));
    return args.length === 0 ? 2 : 0;
  } catch (error) {
    return explain(error);
  }
}

if (import.meta.main) exit(await main({ command: "deno task dead-letters", args }));
