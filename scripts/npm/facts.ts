import config from "../../deno.json" with { type: "json" };

/** What the package's package.json says, however the package is built. */
export const facts = {
  name: config.name,
  version: config.version,
  description: "A durable queue in front of any HTTP service, with no code change on either side.",
  license: config.license,
  keywords: ["queue", "http", "proxy", "rabbitmq", "amqp", "sidecar", "batch"],
  // undici's own floor, and that of node:sqlite without a flag.
  engines: { node: ">=22.19.0" },
} as const;

/** The library's modules by what they are imported as. */
export const exported: Readonly<Record<string, string>> = { ".": "mod.ts" };

/** The commands, and the function `main` that each of them calls. */
export const commands: Readonly<
  Record<string, { module: string; call: (name: string) => string }>
> = {
  "proxymq-enqueuer": { module: "enqueuer/main.ts", call: runService },
  "proxymq-dequeuer": { module: "dequeuer/main.ts", call: runService },
  proxymq: {
    module: "cli/main.ts",
    call: () => "exit(await main(args));",
  },
};

function runService(name: string): string {
  return `await main({ command: ${JSON.stringify(name)}, args });`;
}

/** The file of a command in the package. */
export function commandFile(name: string): string {
  return `bin/${name}.js`;
}

/** Its text. `import.meta.main`, by which the modules know that they were started, Node 22 lacks. */
export function commandText(name: string): string {
  const { module, call } = commands[name] ?? { module: "", call: runService };
  const main = call(name);
  const used = main.includes("exit(") ? "args, exit" : "args";
  return `#!/usr/bin/env node
import { main } from "../${module.replace(/\.ts$/, ".js")}";
import { ${used} } from "../shared/runtime.js";

${main}
`;
}
