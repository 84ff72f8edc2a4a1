import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { onTermination } from "../shared/runtime.ts";

/** A command of its own, e.g. `deno task soak`. */
export interface Command<Options> {
  /** Stands before its complaints. */
  readonly name: string;
  readonly help: string;
  /** @throws {Error} saying what is allowed. */
  readonly read: (args: readonly string[]) => Options | "help";
  /** @returns the exit code. */
  readonly run: (options: Options, signal: AbortSignal) => Promise<number>;
}

/**
 * Reads the arguments and runs the command, until its end or a signal.
 * @returns the exit code: the command's, 1 after an error, 2 for a wrong argument, 130 after a signal.
 */
export async function runCommand<Options>(
  { name, help, read, run }: Command<Options>,
  args: readonly string[],
): Promise<number> {
  const complain = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    for (const line of message.split("\n")) console.error(`${name}: ${line}`);
  };
  let options: Options | "help";
  try {
    options = read(args);
  } catch (error) {
    complain(error);
    return 2;
  }
  if (options === "help") {
    console.log(help);
    return 0;
  }
  const abort = new AbortController();
  using _ = onTermination(() => abort.abort(new Error("interrupted")));
  try {
    return await run(options, abort.signal);
  } catch (error) {
    complain(error);
    return abort.signal.aborted ? 130 : 1;
  }
}

/** Reads options, and `--help` or `-h` beside them. */
export function readArguments<const Config extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Config,
  allowPositionals = false,
) {
  return parseArgs({
    args: [...args],
    allowPositionals,
    options: { ...options, help: { type: "boolean", short: "h", default: false } },
  });
}

/** @throws {Error} it is none of those allowed. */
export function readChoice<Name extends string>(
  option: string,
  text: string,
  allowed: readonly Name[],
): Name {
  const choice = allowed.find((name) => name === text);
  if (choice !== undefined) return choice;
  const shown = `${allowed.slice(0, -1).join(", ")} and ${allowed.at(-1)}`;
  throw new Error(`--${option} is ${JSON.stringify(text)}; allowed are ${shown}`);
}

/** @throws {Error} it is no whole number from `min` to `max`. */
export function readCount(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new Error(
    `--${option} is ${JSON.stringify(text)}; allowed is a whole number from ${min} to ${max}`,
  );
}
