import type { Broker } from "../broker/broker.ts";
import { UnfinishedError } from "../dead_letters/work.ts";
import { requestQueue } from "../service_name.ts";
import { move, type Moved, type MoveOptions } from "./move.ts";
import { untilMore } from "./until_more.ts";

/**
 * Moves the requests of a service as {@link move} does, and then those that come, until nothing is
 * delayed at the source any more.
 * @throws as {@link move}; the tally of an `UnfinishedError` is that of all rounds.
 */
export async function moveAndFollow(
  from: Broker,
  to: Broker,
  service: string,
  { limit = Infinity, onProgress, ...options }: MoveOptions,
): Promise<Moved> {
  let [done, tracked] = [0, 0];
  const withBefore = (moved: Moved): Moved => ({
    ...moved,
    total: done + moved.total,
    lookedAt: done + moved.lookedAt,
    matched: done + moved.matched,
    done: done + moved.done,
    tracked: tracked + moved.tracked,
  });
  for (;;) {
    let moved: Moved;
    try {
      moved = await move(from, to, service, "requests", {
        ...options,
        limit: limit - done,
        ...(onProgress && { onProgress: (moved: Moved) => onProgress(withBefore(moved)) }),
      });
    } catch (error) {
      if (!(error instanceof UnfinishedError)) throw error;
      const { tally } = error;
      const all = { ...tally, total: done + tally.total, done: done + tally.done };
      throw new UnfinishedError(error.message, all, { cause: error });
    }
    const sum = withBefore(moved);
    const left = moved.total - moved.done;
    if (options.signal.aborted || sum.done >= limit) return sum;
    if (!await untilMore(from, requestQueue(service), left, options.signal)) return sum;
    [done, tracked] = [sum.done, sum.tracked];
  }
}
