import { join } from "node:path";
import { missingDeclarations } from "./declarations.ts";
import { commands, exported, facts } from "./facts.ts";
import { filesBelow, run } from "./files.ts";
import { rewriteForNode } from "./modules.ts";
import { copySource } from "./source.ts";

/**
 * Builds the npm package.
 * @returns the tarball's path, in `folder`.
 * @throws {Error} a declaration is missing, or a step failed.
 */
export async function buildPackage(folder: string): Promise<string> {
  const place = await Deno.makeTempDir({ prefix: "proxymq_npm_" });
  try {
    const source = join(place, "source");
    await copySource(source);
    const packed = join(place, "packed.tgz");
    const args = ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", packed];
    await run(Deno.execPath(), args, { cwd: source });
    await run("tar", ["-xzf", packed, "-C", place]);
    const root = join(place, "package");
    await checkDeclarations(root);
    // All that the modules take of it, and nothing of how it was packed.
    await Deno.writeTextFile(
      join(source, "deno.json"),
      JSON.stringify({ version: facts.version }),
    );
    const modules = (await filesBelow(root)).filter((path) => path.endsWith(".js"));
    const imported = await rewriteForNode(root, modules, source);
    for (const module of Object.values(commands)) await makeExecutable(join(root, built(module)));
    await patchPackageJson(join(root, "package.json"), imported);
    await Deno.mkdir(folder, { recursive: true });
    const tarball = join(folder, `${facts.name}-${facts.version}.tgz`);
    await run("tar", ["-czf", tarball, "-C", place, "package"]);
    return tarball;
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

async function checkDeclarations(root: string): Promise<void> {
  for (const module of Object.values(exported)) {
    const missing = await missingDeclarations(join(root, module.replace(/\.ts$/, ".d.ts")));
    if (missing.length === 0) continue;
    throw new Error(
      `declarations are missing: ${missing.join(", ")}. Something that ${module} exports has no ` +
        "explicit type: deno pack --dry-run says what",
    );
  }
}

async function makeExecutable(path: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/usr/bin/env node\n${await Deno.readTextFile(path)}`);
  if (Deno.build.os !== "windows") await Deno.chmod(path, 0o755);
}

/** What a module is called in the package. */
function built(module: string): string {
  return module.replace(/\.ts$/, ".js");
}

async function patchPackageJson(path: string, imported: ReadonlySet<string>): Promise<void> {
  const packed = JSON.parse(await Deno.readTextFile(path));
  const dependencies: Record<string, string> = packed.dependencies;
  const exports = Object.fromEntries(
    Object.entries(exported).map(([name, module]) => {
      const types = `./${module.replace(/\.ts$/, ".d.ts")}`;
      return [name, { types, default: `./${built(module)}` }];
    }),
  );
  const bin = Object.fromEntries(
    Object.entries(commands).map(([name, module]) => [name, built(module)]),
  );
  const patched = {
    ...facts,
    type: "module",
    exports: { ...exports, "./package.json": "./package.json" },
    bin,
    // Exactly what the tests run with.
    dependencies: Object.fromEntries(
      Object.entries(dependencies)
        .filter(([name]) => imported.has(name))
        .map(([name, range]) => [name, range.replace(/^\^/, "")]),
    ),
  };
  await Deno.writeTextFile(path, `${JSON.stringify(patched, null, 2)}\n`);
}
