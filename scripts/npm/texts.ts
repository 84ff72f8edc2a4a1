import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the texts of dependencies are in the package. */
export const textFolder = "texts";

/** The package of a specifier: `@scope/name` of `@scope/name/file.css`. */
export function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Copies a dependency's file into the package, with its license. */
export async function copyText(specifier: string, root: string): Promise<void> {
  const folder = packageOf(specifier);
  const licenses = [`${folder}/LICENSE`, `${folder}/NOTICE`, `${specifier}.LICENSE.txt`];
  for (const path of [specifier, ...licenses]) {
    const to = join(root, textFolder, path);
    await Deno.mkdir(dirname(to), { recursive: true });
    try {
      await Deno.copyFile(fileURLToPath(import.meta.resolve(path)), to);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || path === specifier) throw error;
    }
  }
}
