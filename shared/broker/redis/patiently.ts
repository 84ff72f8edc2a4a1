import { pause } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";

/** How long a look-up that goes on through outages waits between two tries, milliseconds. */
const retryMs = 250;

/** Looks something up, through outages. @returns undefined if a signal aborts before. */
export async function patiently<T>(
  signals: readonly AbortSignal[],
  look: () => Promise<T>,
): Promise<T | undefined> {
  const aborted = () => signals.some((signal) => signal.aborted);
  while (!aborted()) {
    try {
      return await look();
    } catch (error) {
      if (aborted()) break;
      if (!(error instanceof BrokerUnavailableError)) throw error;
      await pause(retryMs, AbortSignal.any([...signals]));
    }
  }
  return undefined;
}
