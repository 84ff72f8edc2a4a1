import { BrokerUrlError } from "../../shared/broker/errors.ts";
import {
  type Config,
  ConfigError,
  loadConfig,
  type Variables,
} from "../../shared/config/config.ts";
import { helpText, type Manual } from "../../shared/config/help.ts";
import { termination } from "../../shared/lifecycle.ts";
import { configureLog } from "../../shared/log.ts";
import { args, exit, readEnv } from "../../shared/runtime.ts";

/** An example that runs. */
export interface RunningExample extends AsyncDisposable {
  /** What is where, and what to try, for whoever has started it. */
  readonly about: string;
}

/**
 * The front of an example's command: `--help`, its environment variables, what is where, and Ctrl-C.
 * Ends the process: 0 after Ctrl-C, 1 if it could not start, 2 for a wrong argument or variable.
 */
export async function runExample<V extends Variables>(
  manual: Manual & { readonly variables: V },
  start: (config: Config<V>) => Promise<RunningExample>,
): Promise<never> {
  const say = (text: string) => console.error(`${manual.name}: ${text}`);
  const [argument] = args;
  if (argument === "--help" || argument === "-h") {
    console.log(
      helpText(manual) +
        "\nBROKER_URL, and the other variables of enqueuer and dequeuer, count too.\n",
    );
    exit(0);
  }
  if (argument !== undefined) {
    say(`there is no argument ${JSON.stringify(argument)}; allowed is --help`);
    exit(2);
  }
  const terminated = termination();
  try {
    const config = loadConfig(manual.variables, readEnv);
    await configureLog({ level: "warning", forPeople: true });
    await using example = await start(config);
    console.log(`${example.about}\nCtrl-C ends it.`);
    await terminated;
  } catch (error) {
    const wrong = error instanceof ConfigError || error instanceof BrokerUrlError;
    const problems = error instanceof ConfigError
      ? error.problems
      : [error instanceof Error ? error.message : String(error)];
    problems.forEach(say);
    exit(wrong ? 2 : 1);
  }
  exit(0);
}
