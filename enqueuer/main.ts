import { runCommand } from "../shared/cli.ts";
import { termination } from "../shared/lifecycle.ts";
import { manual } from "./config.ts";
import { startEnqueuer } from "./enqueuer.ts";

await runCommand(manual, async (config) => {
  const terminated = termination();
  const enqueuer = await startEnqueuer(config);
  await Promise.race([terminated, enqueuer.ready.then(() => terminated)]);
  await enqueuer.close(AbortSignal.timeout(config.ENQUEUER_DRAIN_TIMEOUT));
});
