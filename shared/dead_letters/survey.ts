import type { Broker } from "../broker/broker.ts";
import { requestQueue } from "../service_name.ts";
import type { ReplayOptions } from "./replay.ts";
import { type Tally, work } from "./work.ts";

/** What a replay or a discard would do. */
export interface Survey extends Omit<Tally, "done" | "failed"> {
  /** The ids of those that are meant. */
  readonly ids: readonly string[];
}

/**
 * Finds out what a replay or a discard with these options would do, and does nothing.
 * @throws {QueueNotFoundError} as they would.
 * @throws {UnfinishedError} as they would.
 */
export async function survey(
  broker: Broker,
  service: string,
  { to, ...options }: Omit<ReplayOptions, "perSecond">,
): Promise<Survey> {
  if (to !== undefined) await broker.stats(requestQueue(to));
  const ids: string[] = [];
  const { total, lookedAt, matched } = await work(broker, service, options, (found) => {
    ids.push(...found.map(({ letter }) => letter.id));
    return Promise.resolve({ done: [], failed: [] });
  });
  return { total, lookedAt, matched, ids };
}
