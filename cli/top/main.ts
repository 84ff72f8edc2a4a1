/**
 * `proxymq top`: the queues of an enqueuer's services, as they are just now.
 *
 * @module
 */
import type { Call } from "../../shared/cli.ts";
import { args, exit, readEnv } from "../../shared/runtime.ts";
import { runCommand } from "../command.ts";
import { parseArguments } from "./arguments.ts";
import { help } from "./help.ts";
import { run } from "./run.ts";

/** @returns the exit code. */
export function main({ command, args }: Call): Promise<number> {
  const read = (args: readonly string[]) => parseArguments(args, readEnv);
  return runCommand({ name: "top", help: help(command), read, run }, args);
}

if (import.meta.main) exit(await main({ command: "deno task top", args }));
