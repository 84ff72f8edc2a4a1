/**
 * `deno task docs`: writes what is made from the services' variables.
 *
 * @module
 */
import { manual as dequeuer } from "../../dequeuer/config.ts";
import { manual as enqueuer } from "../../enqueuer/config.ts";
import { fileVariable } from "../../shared/config/secret_files.ts";
import { optionsModule } from "./options.ts";
import { envExample, type Manual, markdownTable } from "../../shared/config/help.ts";

const manuals: readonly Manual[] = [enqueuer, dequeuer];

const secrets = [
  ...new Set(
    manuals.flatMap(({ variables }) =>
      Object.entries(variables).filter(([, { secret }]) => secret)
        .map(([name]) => `\`${fileVariable(name)}\``)
    ),
  ),
].join(", ");

/** What is made from the variables, by their paths from the project's root. */
export const generated: Readonly<Record<string, string>> = {
  "docs/configuration.md": [
    "# Configuration",
    "",
    "Made from the code by `deno task docs`. Both services are configured by environment variables",
    "and print this with `--help`. A bad value is named at start, with what is allowed; the exit code",
    "is then 2. An empty variable counts as unset.",
    "",
    `A secret may stand in a file that the variable with \`_FILE\` behind its name names: ${secrets}.`,
    "",
    ...manuals.map(markdownTable),
  ].join("\n").trimEnd() + "\n",
  ".env.example": [
    "# Made from the code by `deno task docs`. Values behind # are the defaults.",
    "",
    "# docker compose: which broker it starts. Stands in .env too, and has to if that is replaced.",
    "COMPOSE_PROFILES=${QUEUE_TYPE:-rabbitmq}",
    "",
    ...manuals.map(envExample),
  ].join("\n").trimEnd() + "\n",
  "enqueuer/options.ts": optionsModule(enqueuer),
  "dequeuer/options.ts": optionsModule(dequeuer),
};

if (import.meta.main) {
  if (Deno.args.includes("--help")) {
    console.log(`Writes ${Object.keys(generated).join(", ")} from the services' variables.`);
  } else {
    for (const [path, text] of Object.entries(generated)) {
      await Deno.writeTextFile(new URL(`../../${path}`, import.meta.url), text);
    }
  }
}
