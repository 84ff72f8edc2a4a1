import { join } from "node:path";
import { makeExecutable } from "./commands.ts";
import { missingDeclarations } from "./declarations.ts";
import { exported, facts } from "./facts.ts";
import { filesBelow, run } from "./files.ts";
import { rewriteForNode } from "./modules.ts";
import { packageJson } from "./package_json.ts";
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
    await makeExecutable(root);
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

async function patchPackageJson(path: string, imported: ReadonlySet<string>): Promise<void> {
  const packed: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    await Deno.readTextFile(path),
  );
  const dependencies = Object.entries(packed.dependencies)
    .filter(([name]) => imported.has(name))
    .map(([name, range]) => [name, range.replace(/^\^/, "")]);
  const patched = packageJson(Object.fromEntries(dependencies));
  await Deno.writeTextFile(path, `${JSON.stringify(patched, null, 2)}\n`);
}
