import type { Broker } from "../broker/broker.ts";
import { requestQueue } from "../service_name.ts";
import type { ReplayOptions } from "./replay.ts";
import { OutOfReachError, type Tally, work } from "./work.ts";

/** What a replay or a discard would do. */
export interface Survey extends Omit<Tally, "done" | "failed"> {
  /** The ids of those that are meant. */
  readonly ids: readonly string[];
  /** Whether all were looked at; if not, there may be more of them. */
  readonly complete: boolean;
}

/**
 * Finds out what a replay or a discard with these options would do, and does nothing.
 * @throws {QueueNotFoundError} as they would.
 * @throws {UnfinishedError} the broker cannot be reached.
 */
export async function survey(
  broker: Broker,
  service: string,
  { to, ...options }: Omit<ReplayOptions, "perSecond">,
): Promise<Survey> {
  if (to !== undefined) await broker.stats(requestQueue(to));
  const ids: string[] = [];
  try {
    const tally = await work(broker, service, options, (found) => {
      ids.push(...found.map(({ letter }) => letter.id));
      return Promise.resolve({ done: [], failed: [] });
    });
    return surveyOf(tally, ids, !options.signal.aborted);
  } catch (error) {
    if (error instanceof OutOfReachError) return surveyOf(error.tally, ids, false);
    throw error;
  }
}

function surveyOf(tally: Tally, ids: readonly string[], complete: boolean): Survey {
  const { total, lookedAt, matched } = tally;
  return { total, lookedAt, matched, ids, complete };
}
