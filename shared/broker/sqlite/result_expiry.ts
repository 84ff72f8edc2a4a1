import type { Connection } from "./connection.ts";
import { remove } from "./result_rows.ts";

/** The most that one step removes, so that it stays short: requests, and bytes of responses. */
const STEP = 200;
const STEP_BYTES = 4 * 1024 * 1024;
/** Between two steps while more is to be removed, and else, milliseconds. */
const SOON = 10;
const LATER = 1_000;

/**
 * Removes what is over its time from the result store, a little at a time. Nobody has to wait for
 * it: what has expired is not found any more, whether it is still there or not.
 */
export class ResultExpiry {
  #nextAt = 0;

  /** Whether a step would remove something. */
  isDue(connection: Connection, now: number): boolean {
    return now >= this.#nextAt && connection.get(
          `SELECT 1 WHERE EXISTS (SELECT 1 FROM requests WHERE expires_at <= ?)
             OR EXISTS (SELECT 1 FROM cancellations WHERE until <= ?)`,
          now,
          now,
        ) !== undefined;
  }

  /**
   * Removes something, if it is time, along with what a transaction is about.
   * @returns when there is more to remove, epoch milliseconds, or infinity.
   */
  step(connection: Connection, now: number): number {
    if (now < this.#nextAt) return Infinity;
    connection.run(
      `DELETE FROM cancellations WHERE id IN
         (SELECT id FROM cancellations WHERE until <= ? LIMIT ${STEP})`,
      now,
    );
    const expired = connection.all<{ id: string; size: number | null }>(
      `SELECT r.id, length(p.body) AS size
       FROM requests AS r LEFT JOIN responses AS p ON p.id = r.response
       WHERE r.expires_at <= ? ORDER BY r.expires_at LIMIT ${STEP}`,
      now,
    );
    let bytes = 0;
    let removed = 0;
    for (const { id, size } of expired) {
      if (bytes > STEP_BYTES) break;
      remove(connection, id);
      bytes += size ?? 0;
      removed++;
    }
    const more = removed < expired.length || removed === STEP;
    this.#nextAt = now + (more ? SOON : LATER);
    return more ? this.#nextAt : Infinity;
  }
}
