/**
 * What a build of an image runs: leaves in deno.json the packages that the code in some folders
 * imports, so that the image has neither the tests' packages nor those of other services. The lock
 * file is then cut down by Deno; the versions and checksums in it stay as they are.
 *
 *   deno run -A needed.ts FOLDER...
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Those of the imports of a deno.json that a text imports. */
export function neededImports(
  imports: Readonly<Record<string, string>>,
  code: string,
): Record<string, string> {
  const named = new Set(
    [...code.matchAll(/(?:\bfrom|\bimport\(?|\bresolve\()\s*"([^"]+)"/g)].map(([, name]) => name),
  );
  const isNeeded = (name: string) =>
    [...named].some((one) => one === name || one?.startsWith(`${name}/`));
  return Object.fromEntries(Object.entries(imports).filter(([name]) => isNeeded(name)));
}

/** The code of the TypeScript files in some folders, without their tests. */
export function readCode(folders: readonly string[]): string {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path))
  ).filter((path) => path.endsWith(".ts") && !path.endsWith("_test.ts"))
    .map((path) => readFileSync(path, "utf8")).join("\n");
}

if (import.meta.main) {
  const config = JSON.parse(readFileSync("deno.json", "utf8"));
  config.imports = neededImports(config.imports, readCode(Deno.args));
  writeFileSync("deno.json", JSON.stringify(config, null, 2));
}
