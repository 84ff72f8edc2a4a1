import { type Call, runCommand } from "../shared/cli.ts";
import { loadDrivers, needsFiles } from "../shared/config/common.ts";
import { termination } from "../shared/lifecycle.ts";
import { args, giveUpFiles } from "../shared/runtime.ts";
import { manual } from "./config.ts";
import { startDequeuer } from "./dequeuer.ts";

/** The dequeuer as a command: ends the process. */
export function main(call: Call): Promise<never> {
  return runCommand(manual, call, async (config) => {
    await loadDrivers(config);
    if (!needsFiles(config)) giveUpFiles();
    const terminated = termination();
    const dequeuer = await startDequeuer(config);
    await Promise.race([terminated, dequeuer.done]);
    await dequeuer.close(AbortSignal.timeout(config.DEQUEUER_DRAIN_TIMEOUT));
  });
}

if (import.meta.main) await main({ command: "deno task dequeuer", args });
