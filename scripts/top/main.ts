/**
 * `deno task top`: the queues of an enqueuer's services, as they are just now.
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
    { name: "top", help, read: (args) => parseArguments(args, readEnv), run },
    args,
  ),
);
