import { join } from "node:path";
import { commands } from "./facts.ts";
import { built } from "./package_json.ts";

/** Makes the commands' modules such as a shell can start. @param folder where the modules are. */
export async function makeExecutable(folder: string): Promise<void> {
  for (const module of Object.values(commands)) {
    const path = join(folder, built(module));
    await Deno.writeTextFile(path, `#!/usr/bin/env node\n${await Deno.readTextFile(path)}`);
    if (Deno.build.os !== "windows") await Deno.chmod(path, 0o755);
  }
}
