/**
 * `deno task release`: makes a release of what is committed.
 *
 * @module
 */
import { join } from "node:path";
import { type Command, readArguments, runCommand } from "../../cli/command.ts";
import { release } from "./release.ts";
import { openRepository } from "./repository.ts";
import { steps } from "./version.ts";

const help = `deno task release ${steps.join("|")}|VERSION [--dry-run]

Raises the version in every file that carries it, puts what stands under Unreleased in CHANGELOG.md
under that version and today's date, commits that, and tags it vVERSION. The work tree has to be clean
and the branch main; run deno task ok before it. Nothing is pushed: the tag, once it is, makes the
release workflow publish binaries, images and packages.

  --dry-run   says what it would do, and checks that it could
  --help      prints this

Exit code: 0; 1 if something is in the way, and then nothing was changed; 2 for a wrong argument.
`;

interface Options {
  readonly wanted: string;
  readonly dryRun: boolean;
}

function read(args: readonly string[]): Options | "help" {
  const { values, positionals } = readArguments(args, {
    "dry-run": { type: "boolean", default: false },
  }, true);
  if (values.help) return "help";
  const [wanted, ...more] = positionals;
  if (wanted === undefined || more.length > 0) {
    throw new Error(`one argument is needed: ${steps.join(", ")}, or a version as 1.2.3`);
  }
  return { wanted, dryRun: values["dry-run"] };
}

const command: Command<Options> = {
  name: "release",
  help,
  read,
  async run({ wanted, dryRun }) {
    const repository = openRepository(join(import.meta.dirname ?? ".", "..", ".."));
    const date = new Date().toISOString().slice(0, 10);
    await release(repository, { wanted, date, dryRun, say: (line) => console.log(line) });
    return 0;
  },
};

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args));
