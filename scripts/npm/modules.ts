import { build, type Plugin, stop } from "esbuild";
import { dirname, join, relative } from "node:path";
import { copyText, packageOf, textFolder } from "./texts.ts";

/**
 * Rewrites modules in place for Node 22: syntax that it lacks (`using`), and imports of texts and
 * JSON. The texts of dependencies are copied to a folder of their own, whence they are read when
 * they are wanted; all else is taken in.
 * @param root the package.
 * @param source where the modules were before they were packed, with the files beside them.
 * @returns the packages that the modules import now.
 */
export async function rewriteForNode(
  root: string,
  modules: readonly string[],
  source: string,
): Promise<Set<string>> {
  try {
    const { metafile: { outputs } } = await build({
      absWorkingDir: root,
      entryPoints: modules.map((path) => relative(root, path)),
      outdir: root,
      outbase: root,
      allowOverwrite: true,
      // Only what the plugin resolves is taken in; all other imports stay as they are.
      bundle: true,
      plugins: [attributesPlugin(root, source)],
      format: "esm",
      platform: "node",
      target: "node22",
      legalComments: "inline",
      logLevel: "warning",
      metafile: true,
    });
    const imported = Object.values(outputs).flatMap(({ imports }) => imports);
    return new Set(
      imported.flatMap(({ path }) => /^[./]|^node:/.test(path) ? [] : [packageOf(path)]),
    );
  } finally {
    await stop();
  }
}

function attributesPlugin(root: string, source: string): Plugin {
  return {
    name: "import attributes",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ kind, path, importer, with: { type } }) => {
        if (kind === "entry-point") return null;
        if (type === undefined) return { path, external: true };
        if (!path.startsWith(".")) {
          return { path, namespace: `dependency ${type}`, pluginData: dirname(importer) };
        }
        return { path: join(relative(root, dirname(importer)), path), namespace: `own ${type}` };
      });
      onLoad({ filter: /.*/, namespace: "dependency text" }, async ({ path, pluginData }) => {
        await copyText(path, root);
        const file = JSON.stringify(join(relative(pluginData, join(root, textFolder)), path));
        return {
          contents: 'import { readFileSync } from "node:fs";\n' +
            `export default readFileSync(new URL(${file}, import.meta.url), "utf8");\n`,
        };
      });
      onLoad({ filter: /.*/, namespace: "own text" }, async ({ path }) => ({
        contents: await Deno.readTextFile(join(source, path)),
        loader: "text",
      }));
      onLoad({ filter: /.*/, namespace: "own json" }, async ({ path }) => ({
        contents: await Deno.readTextFile(join(source, path)),
        loader: "json",
      }));
    },
  };
}
