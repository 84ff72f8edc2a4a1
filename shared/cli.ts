import { BrokerUrlError } from "./broker/errors.ts";
import { type Config, ConfigError, loadConfig, type Variables } from "./config/config.ts";
import { helpText, type Manual } from "./config/help.ts";
import { withSecretFiles } from "./config/secret_files.ts";
import { configureLog, logLevels } from "./log.ts";
import { exit, readEnv, stdoutIsTerminal } from "./runtime.ts";
import { version } from "./version.ts";

interface LogSettings {
  readonly LOG_LEVEL: (typeof logLevels)[number];
  readonly LOG_FORMAT: "auto" | "json" | "text";
}

/** How a command was called. */
export interface Call {
  /** How its user starts it, for `--help`: `proxymq enqueuer`. */
  readonly command: string;
  /** What was given after that. */
  readonly args: readonly string[];
}

/** Answers `--help` and `--version`, and refuses any other argument. Each of them ends the process. */
export function answerArguments(manual: Manual, { command, args }: Call): void {
  const [argument] = args;
  if (argument === "--help" || argument === "-h") {
    console.log(helpText(manual, command));
    exit(0);
  }
  if (argument === "--version" || argument === "-V") {
    console.log(version);
    exit(0);
  }
  if (argument !== undefined) {
    console.error(
      `${manual.name}: there is no argument ${JSON.stringify(argument)}; ` +
        "allowed are --help and --version, all else is set by environment variables",
    );
    exit(2);
  }
}

/**
 * The front of a service's command: answers `--help` and `--version`, reads the configuration,
 * sets up the log, and runs. Ends the process: 0 after a good run, 1 after a failure, 2 for a
 * wrong argument or configuration.
 */
export async function runCommand<V extends Variables>(
  manual: Manual & { readonly variables: V },
  call: Call,
  run: (config: Config<V> & LogSettings) => Promise<void>,
): Promise<never> {
  answerArguments(manual, call);
  try {
    const env = withSecretFiles(manual.variables, readEnv);
    const config = loadConfig(manual.variables, env) as Config<V> & LogSettings;
    await configureLog({
      level: config.LOG_LEVEL,
      forPeople: config.LOG_FORMAT === "text" ||
        (config.LOG_FORMAT === "auto" && stdoutIsTerminal()),
    });
    await run(config);
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) console.error(`${manual.name}: ${problem}`);
      console.error(`${manual.name}: see --help`);
      exit(2);
    }
    console.error(`${manual.name}: ${error instanceof Error ? error.message : String(error)}`);
    exit(error instanceof BrokerUrlError ? 2 : 1);
  }
  exit(0);
}
