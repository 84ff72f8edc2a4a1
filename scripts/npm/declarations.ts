import { dirname, join } from "node:path";

/**
 * Follows the declarations from a module's on, and says which are missing: `deno pack` leaves them
 * out without failing when a type cannot be told without inference.
 * @returns their paths.
 */
export async function missingDeclarations(entry: string): Promise<string[]> {
  const missing: string[] = [];
  const seen = new Set<string>();
  const follow = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    let text: string;
    try {
      text = await Deno.readTextFile(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      missing.push(path);
      return;
    }
    for (const [, specifier = ""] of text.matchAll(/\b(?:from|import\()\s*"(\.[^"]+)"/g)) {
      await follow(join(dirname(path), specifier.replace(/\.[jt]s$/, ".d.ts")));
    }
  };
  await follow(entry);
  return missing;
}
