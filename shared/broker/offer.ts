import { pause } from "../waiting.ts";
import { BrokerUnavailableError } from "./errors.ts";

/** For how long something is offered. */
export interface OfferLimits {
  /** How long the broker is left alone in between, milliseconds. @default 250 */
  readonly everyMs?: number;
  /** Until when, epoch milliseconds. */
  readonly until: number;
  readonly signal: AbortSignal;
}

/**
 * Offers something to a broker that may not be there just now, until it takes it.
 * @throws what `act` throws: at once if it is no {@link BrokerUnavailableError}, else when the time
 * is over or the signal aborts.
 */
export async function offer(
  act: () => Promise<void>,
  { everyMs = 250, until, signal }: OfferLimits,
): Promise<void> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError) || Date.now() > until) throw error;
      await pause(everyMs, signal);
      if (signal.aborted) throw error;
    }
  }
}
