import { build, type Plugin, stop } from "esbuild";
import { dirname, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";

const project = join(import.meta.dirname ?? ".", "..", "..");
/** The rooms that are in the package. */
const packaged = ["shared", "enqueuer", "dequeuer", "cli", "mod.ts"];

/**
 * Makes tests ready for Node: what they import of the product is the installed package's, and what
 * they take of `Deno` is `deno_on_node.ts`.
 * @param installed the package's folder, in a node_modules.
 * @param folder takes the tests; beside that node_modules.
 * @returns their files.
 */
export async function bundleForNode(
  tests: readonly string[],
  installed: string,
  folder: string,
): Promise<string[]> {
  try {
    await build({
      absWorkingDir: project,
      entryPoints: [...tests],
      outdir: folder,
      outbase: project,
      bundle: true,
      plugins: [installedPlugin(installed)],
      inject: [join(project, "tests/node/deno_on_node.ts")],
      define: { Deno: "DenoOnNode" },
      format: "esm",
      platform: "node",
      target: "node22",
      sourcemap: "inline",
      logLevel: "warning",
    });
  } finally {
    await stop();
  }
  return tests.map((path) => join(folder, path.replace(/\.ts$/, ".js")));
}

function installedPlugin(installed: string): Plugin {
  return {
    name: "the installed package",
    setup({ onLoad, onResolve }) {
      // What they read is where they are from.
      onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
        contents: (await Deno.readTextFile(path))
          .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))
          .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
        loader: "ts",
      }));
      onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, with: { type } }) => {
        if (type !== undefined) return null;
        const file = relative(project, join(resolveDir, path));
        if (!packaged.includes(file.split(sep)[0] ?? "")) return null;
        const there = join(installed, file.replace(/\.ts$/, ".js"));
        return { path: pathToFileURL(there).href, external: true };
      });
      onResolve(
        { filter: /^[^./]/ },
        ({ kind, path }) => kind === "entry-point" ? null : { path, external: true },
      );
    },
  };
}
