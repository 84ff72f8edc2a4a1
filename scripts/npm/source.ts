import { copy } from "./files.ts";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { commands, exported, facts } from "./facts.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");
const included = [
  "mod.ts",
  "cli",
  "enqueuer",
  "dequeuer",
  "shared",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "deno.lock",
];

/**
 * Copies what belongs into the package to a folder, with a deno.json of its own: `deno pack` packs
 * what its configuration exports, and wants a scope before the name.
 */
export async function copySource(folder: string): Promise<void> {
  for (const path of included) {
    await copy(join(project, path), join(folder, path), (name) => !name.endsWith("_test.ts"));
  }
  const entries = [...Object.values(exported), ...Object.values(commands)];
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({
      name: `@${facts.name}/${facts.name}`,
      version: facts.version,
      license: facts.license,
      exports: Object.fromEntries(entries.map((path) => [`./${path}`, `./${path}`])),
      imports: config.imports,
      compilerOptions: config.compilerOptions,
      nodeModulesDir: config.nodeModulesDir,
      publish: { include: included.filter((path) => path !== "deno.lock") },
    }),
  );
}
