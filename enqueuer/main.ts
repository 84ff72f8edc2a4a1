import { runCommand } from "../shared/cli.ts";
import { loadDrivers, needsFiles } from "../shared/config/common.ts";
import { termination } from "../shared/lifecycle.ts";
import { giveUpFiles } from "../shared/runtime.ts";
import { manual } from "./config.ts";
import { startEnqueuer } from "./enqueuer.ts";

await runCommand(manual, async (config) => {
  await loadDrivers(config);
  if (!needsFiles(config)) giveUpFiles();
  const terminated = termination();
  const enqueuer = await startEnqueuer(config);
  await Promise.race([terminated, enqueuer.ready.then(() => terminated)]);
  await enqueuer.close(AbortSignal.timeout(config.ENQUEUER_DRAIN_TIMEOUT));
});
