/**
 * The enqueuer for a server that calls it, rather than one of its own: `deno serve --parallel` runs
 * it on all cores, each with a broker connection and a reply queue of its own. Where there is no
 * TCP, `BROKER_URL` is a `wss:` URL.
 *
 * @module
 */
import { ConfigError, loadConfig } from "../shared/config/config.ts";
import { needsFiles } from "../shared/config/common.ts";
import { withSecretFiles } from "../shared/config/secret_files.ts";
import { configureLog } from "../shared/log.ts";
import { exit, giveUpFiles, onTermination, readEnv } from "../shared/runtime.ts";
import { withTimeout } from "../shared/waiting.ts";
import { manual } from "./config.ts";
import { openEnqueuer } from "./enqueuer.ts";

function configuration() {
  try {
    return loadConfig(manual.variables, withSecretFiles(manual.variables, readEnv));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) console.error(`enqueuer: ${problem}`);
    exit(2);
  }
}

const config = configuration();
await configureLog({ level: config.LOG_LEVEL, forPeople: config.LOG_FORMAT === "text" });
if (!needsFiles(config)) giveUpFiles();
const enqueuer = await openEnqueuer(config);
const inFlight = new Set<Promise<Response>>();

async function answered(signal: AbortSignal): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  while (inFlight.size > 0 && !signal.aborted) {
    await Promise.race([Promise.allSettled(inFlight), late]);
  }
}

const terminated = onTermination(() => {
  // The server stops accepting by itself; it ends when nothing is left to do.
  terminated[Symbol.dispose]();
  void withTimeout(
    config.ENQUEUER_DRAIN_TIMEOUT,
    (signal) => enqueuer.close(signal, answered),
  );
});

/** What the server calls. */
const handler: { fetch(request: Request): Promise<Response> } = {
  async fetch(request) {
    const response = Promise.resolve(enqueuer.fetch(request));
    inFlight.add(response);
    try {
      return await response;
    } finally {
      inFlight.delete(response);
    }
  },
};

export default handler;
