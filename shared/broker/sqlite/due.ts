import { bury } from "./bury.ts";
import type { Connection } from "./connection.ts";
import type { Queues } from "./queues.ts";
import { DELAYED, READY } from "./schema.ts";

/** The most that one transaction moves, so that it stays short. */
const BATCH = 500;

/** When the next message becomes visible or expires, epoch milliseconds, or infinity. */
export function nextDue(connection: Connection): number {
  const visible = connection.get<{ at: number | null }>(
    `SELECT min(visible_at) AS at FROM messages WHERE state = ${DELAYED}`,
  );
  const expires = connection.get<{ at: number | null }>(
    "SELECT min(expires_at) AS at FROM messages WHERE expires_at IS NOT NULL AND state < 2",
  );
  return Math.min(visible?.at ?? Infinity, expires?.at ?? Infinity);
}

/**
 * Makes visible what has waited long enough, and moves what has expired to the dead letters.
 * @returns the queues in which messages became ready.
 */
export function moveDue(connection: Connection, queues: Queues, now: number): Set<number> {
  const touched = new Set<number>();
  const visible = connection.all<{ queue: number }>(
    `UPDATE messages SET state = ${READY} WHERE id IN (
       SELECT id FROM messages WHERE state = ${DELAYED} AND visible_at <= ?
       ORDER BY visible_at LIMIT ${BATCH}
     ) RETURNING queue`,
    now,
  );
  for (const { queue } of visible) touched.add(queue);
  const expired = connection.all<{ id: number; queue: number }>(
    `SELECT id, queue FROM messages
     WHERE expires_at IS NOT NULL AND state < 2 AND expires_at <= ? LIMIT ${BATCH}`,
    now,
  );
  for (const { id, queue } of expired) {
    const from = queues.byId(queue);
    if (from) touched.add(bury(connection, id, from, "expired", now));
  }
  return touched;
}
