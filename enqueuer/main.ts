import { type Call, runCommand } from "../shared/cli.ts";
import { loadDrivers, needsFiles } from "../shared/config/common.ts";
import { termination } from "../shared/lifecycle.ts";
import { args, giveUpFiles } from "../shared/runtime.ts";
import { manual } from "./config.ts";
import { startEnqueuer } from "./enqueuer.ts";

/** The enqueuer as a command: ends the process. */
export function main(call: Call): Promise<never> {
  return runCommand(manual, call, async (config) => {
    await loadDrivers(config);
    if (!needsFiles(config)) giveUpFiles();
    const terminated = termination();
    const enqueuer = await startEnqueuer(config);
    await Promise.race([terminated, enqueuer.ready.then(() => terminated)]);
    await enqueuer.close(AbortSignal.timeout(config.ENQUEUER_DRAIN_TIMEOUT));
  });
}

if (import.meta.main) await main({ command: "deno task enqueuer", args });
