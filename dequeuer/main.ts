import { runCommand } from "../shared/cli.ts";
import { termination } from "../shared/lifecycle.ts";
import { manual } from "./config.ts";
import { startDequeuer } from "./dequeuer.ts";

await runCommand(manual, async (config) => {
  const terminated = termination();
  const dequeuer = await startDequeuer(config);
  await Promise.race([terminated, dequeuer.done]);
  await dequeuer.close(AbortSignal.timeout(config.DEQUEUER_DRAIN_TIMEOUT));
});
