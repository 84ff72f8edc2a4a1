import { exit, onTermination } from "./runtime.ts";
import { logger } from "./log.ts";

const log = logger("lifecycle");

/**
 * Signals this close together, milliseconds, are one: a terminal sends Ctrl-C to every process of
 * its group, and `deno task` and `npx` pass on to their child what it has got already.
 */
const sameSignalMs = 200;

/**
 * Waits for SIGTERM or SIGINT. From then on a second signal ends the process at once with 130.
 * @returns the signal's name.
 */
export function termination(): Promise<string> {
  return new Promise((resolve) => {
    let first: number | undefined;
    onTermination((signal) => {
      const now = performance.now();
      if (first !== undefined) {
        if (now - first > sameSignalMs) exit(130);
        return;
      }
      first = now;
      log.info("{signal}: finishing what is in flight; a second signal ends at once", { signal });
      resolve(signal);
    });
  });
}
