import { join } from "node:path/posix";
import { commands, exported, facts } from "./facts.ts";

/**
 * The package's package.json.
 * @param dependencies what the modules import, with the versions that the tests run with.
 * @param folder where the modules are in the package: `./esm`.
 */
export function packageJson(
  dependencies: Readonly<Record<string, string>>,
  folder = ".",
): Record<string, unknown> {
  const exports = Object.fromEntries(
    Object.entries(exported).map(([name, module]) => {
      const types = `${folder}/${module.replace(/\.ts$/, ".d.ts")}`;
      return [name, { types, default: `${folder}/${built(module)}` }];
    }),
  );
  const bin = Object.fromEntries(
    Object.entries(commands).map(([name, module]) => [name, join(folder, built(module))]),
  );
  return {
    ...facts,
    type: "module",
    exports: { ...exports, "./package.json": "./package.json" },
    bin,
    dependencies,
  };
}

/** What a module is called in the package. */
export function built(module: string): string {
  return module.replace(/\.ts$/, ".js");
}
