import config from "../../deno.json" with { type: "json" };

/** What the package's package.json says, however the package is built. */
export const facts = {
  name: config.name,
  version: config.version,
  description: "A durable queue in front of any HTTP service, with no code change on either side.",
  license: config.license,
  // A package with provenance has to name the repository that it is published from.
  repository: { type: "git", url: "git+https://github.com/proxymq/proxymq.git" },
  keywords: ["queue", "http", "proxy", "rabbitmq", "redis", "kafka", "sidecar", "batch"],
  // The floor of the client for Kafka; that of undici, and of node:sqlite without a flag, is below it.
  engines: { node: ">=22.22.0" },
} as const;

/** The library's modules by what they are imported as. */
export const exported: Readonly<Record<string, string>> = { ".": "mod.ts" };

/** The commands, and the modules that are run for them. */
export const commands: Readonly<Record<string, string>> = {
  "proxymq-enqueuer": "cli/bin/proxymq_enqueuer.ts",
  "proxymq-dequeuer": "cli/bin/proxymq_dequeuer.ts",
  proxymq: "cli/bin/proxymq.ts",
};
