/**
 * An enqueuer and a dequeuer in one process. Configured by the environment as they are; prints the
 * enqueuer's URL when both are ready.
 *
 * @module
 */
import { manual as dequeuerManual } from "../../../dequeuer/config.ts";
import { startDequeuer } from "../../../dequeuer/dequeuer.ts";
import { manual as enqueuerManual } from "../../../enqueuer/config.ts";
import { startEnqueuer } from "../../../enqueuer/enqueuer.ts";
import { loadConfig } from "../../../shared/config/config.ts";
import { readEnv } from "../../../shared/runtime.ts";

if (import.meta.main) {
  const enqueuer = await startEnqueuer(loadConfig(enqueuerManual.variables, readEnv));
  const dequeuer = await startDequeuer(loadConfig(dequeuerManual.variables, readEnv));
  await Promise.all([enqueuer.ready, dequeuer.ready]);
  console.log(enqueuer.server.url);
}
