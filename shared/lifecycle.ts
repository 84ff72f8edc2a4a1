import { exit, onTermination } from "./runtime.ts";
import { logger } from "./log.ts";

const log = logger("lifecycle");

/**
 * Waits for SIGTERM or SIGINT. From then on a second signal ends the process at once with 130.
 * @returns the signal's name.
 */
export function termination(): Promise<string> {
  return new Promise((resolve) => {
    let first = true;
    onTermination((signal) => {
      if (!first) exit(130);
      first = false;
      log.info("{signal}: finishing what is in flight; a second signal ends at once", { signal });
      resolve(signal);
    });
  });
}
