/**
 * `deno task move`: moves what waits for a service from one broker to another.
 *
 * @module
 */
import { args, exit, readEnv } from "../../shared/runtime.ts";
import { runCommand } from "../command.ts";
import { parseArguments } from "./arguments.ts";
import { help } from "./help.ts";
import { run } from "./run.ts";

exit(
  await runCommand(
    { name: "move", help, read: (args) => parseArguments(args, readEnv), run },
    args,
  ),
);
