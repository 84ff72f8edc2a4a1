import { runCommand } from "../shared/cli.ts";
import { loadDrivers, needsFiles } from "../shared/config/common.ts";
import { termination } from "../shared/lifecycle.ts";
import { giveUpFiles } from "../shared/runtime.ts";
import { manual } from "./config.ts";
import { startDequeuer } from "./dequeuer.ts";

await runCommand(manual, async (config) => {
  await loadDrivers(config);
  if (!needsFiles(config)) giveUpFiles();
  const terminated = termination();
  const dequeuer = await startDequeuer(config);
  await Promise.race([terminated, dequeuer.done]);
  await dequeuer.close(AbortSignal.timeout(config.DEQUEUER_DRAIN_TIMEOUT));
});
