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
import { answerArguments } from "../shared/cli.ts";
import { configureLog } from "../shared/log.ts";
import { args, exit, giveUpFiles, onTermination, readEnv } from "../shared/runtime.ts";
import { withTimeout } from "../shared/waiting.ts";
import { manual } from "./config.ts";
import { openEnqueuer } from "./enqueuer.ts";

// Where it listens is up to the server.
const { ENQUEUER_HOST: _host, ENQUEUER_PORT: _port, ...variables } = manual.variables;
const summary = `${manual.summary} It runs on all cores, and listens at
127.0.0.1:8080, or where DENO_SERVE_ADDRESS says, as tcp:0.0.0.0:8090.`;
answerArguments({ name: "edge", summary, variables }, { command: "deno task edge", args });

function configuration() {
  try {
    return loadConfig(manual.variables, withSecretFiles(manual.variables, readEnv));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) console.error(`edge: ${problem}`);
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
