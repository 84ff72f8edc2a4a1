/**
 * A second way to the package, by dnt, for those who can reach JSR:
 *
 *     deno run -A scripts/npm/dnt.ts
 *
 * Not exercised: this project's CI cannot reach JSR, so nobody has seen this run. What is tested, and
 * published, is what `deno task npm` makes. The facts of package.json are the same.
 *
 * @module
 */
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { makeExecutable } from "./commands.ts";
import { commands, exported, facts } from "./facts.ts";
import { filesBelow } from "./files.ts";
import { rewriteForNode } from "./modules.ts";
import { packageJson } from "./package_json.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");
const outDir = join(project, "npm", "dnt");
const modules = join(outDir, "esm");

// Not an import of its own: whoever checks or runs this project needs no JSR.
const dnt = "jsr:@deno/dnt@0.41.3";
const { build, emptyDir } = await import(dnt);

await emptyDir(outDir);
await build({
  entryPoints: [...Object.values(exported), ...Object.values(commands)]
    .map((module) => join(project, module)),
  outDir,
  importMap: join(project, "deno.json"),
  shims: {},
  scriptModule: false,
  declaration: "inline",
  skipSourceOutput: true,
  skipNpmInstall: true,
  typeCheck: false,
  test: false,
  package: { name: facts.name, version: facts.version },
});

const files = (await filesBelow(modules)).filter((path) => path.endsWith(".js"));
const imported = await rewriteForNode(modules, files, project);
await makeExecutable(modules);
const versions: Readonly<Record<string, string>> = config.imports;
const dependencies = [...imported].sort().map((name) => {
  const version = versions[name]?.split("@").at(-1);
  if (version === undefined) throw new Error(`${name} is imported, and deno.json has no version`);
  return [name, version];
});
await Deno.writeTextFile(
  join(outDir, "package.json"),
  `${JSON.stringify(packageJson(Object.fromEntries(dependencies), "./esm"), null, 2)}\n`,
);
for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) {
  await Deno.copyFile(join(project, name), join(outDir, name));
}
