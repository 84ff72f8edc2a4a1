import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The fenced block of this kind and name of a page in docs/, e.g. `ts receiver`. */
export async function documentedBlock(page: string, fence: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(`../../docs/${page}`, import.meta.url));
  const [, block] = new RegExp(`^\`\`\`${fence}\\n([\\s\\S]*?)^\`\`\``, "m").exec(text) ?? [];
  if (block === undefined) throw new Error(`docs/${page} has no block "${fence}"`);
  return block;
}

/** A documented TypeScript block as the module that it is. */
export async function documentedModule(page: string, name: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "proxymq_documented_"));
  try {
    const file = join(folder, "module.mts");
    await writeFile(file, await documentedBlock(page, `ts ${name}`));
    return await import(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}
