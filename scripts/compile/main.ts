/**
 * `deno task compile`: makes the commands as programs that need no Deno.
 *
 * @module
 */
import { type Command, readArguments, readChoice, runCommand } from "../../cli/command.ts";
import { compile, programs, type Target, targets } from "./compile.ts";

interface Options {
  readonly targets: readonly Target[];
}

const compileCommand: Command<Options> = {
  name: "compile",
  help: `deno task compile [--target PLATFORM]...

Makes dist/${Object.keys(programs).join(", dist/")} for this platform, or
dist/PLATFORM/... for those given: ${targets.join(", ")}.

The first time for a platform, Deno downloads the base of its programs from its own site.
DENORT_BIN names one that is here already.
`,
  read(args) {
    const { values, positionals } = readArguments(args, {
      target: { type: "string", multiple: true, default: [] },
    });
    if (values.help) return "help";
    if (positionals.length > 0) throw new Error(`there is no argument ${positionals[0]}`);
    return { targets: values.target.map((text) => readChoice("target", text, targets)) };
  },
  async run({ targets }, signal) {
    for (const target of targets.length === 0 ? [undefined] : targets) {
      for (const name of Object.keys(programs)) {
        const { path, bytes } = await compile(name, target, signal);
        console.log(`${path}, ${Math.round(bytes / 2 ** 20)} MiB`);
      }
    }
    return 0;
  },
};

if (import.meta.main) Deno.exit(await runCommand(compileCommand, Deno.args));
