import type { Broker } from "../broker/broker.ts";
import { pause } from "../waiting.ts";

/** How often a queue is asked whether something has come, milliseconds. */
const everyMs = 500;

/**
 * Waits until there is more in a queue than was left in it: something was delayed, and is due now.
 * @param left how many were left.
 * @returns false when nothing is delayed any more, or the signal aborts. A broker that does not say
 * what is delayed is waited for until then.
 * @throws {BrokerUnavailableError} the broker cannot be reached.
 */
export async function untilMore(
  broker: Broker,
  queue: string,
  left: number,
  signal: AbortSignal,
): Promise<boolean> {
  let least = left;
  // What becomes due between two counts is in neither: nothing is left when that was seen twice.
  for (let nothing = 0; nothing < 2;) {
    const { ready, delayed } = await broker.stats(queue);
    if (ready > least) return true;
    // A consumer that is left there has done some of them.
    least = ready;
    if (delayed === 0) nothing++;
    else {
      nothing = 0;
      await pause(everyMs, signal);
    }
    if (signal.aborted) return false;
  }
  return false;
}
