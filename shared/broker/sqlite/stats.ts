import type { QueueStats } from "../broker.ts";
import type { Connection } from "./connection.ts";
import type { Queue } from "./queues.ts";
import { DELAYED, HELD, READY } from "./schema.ts";

interface Count {
  readonly count: number;
}

/** The state of a queue, as it stands in the database. */
export function queueStats(connection: Connection, queue: Queue, now: number): QueueStats {
  const { id, deadLetters } = queue;
  const ready = connection.get<Count & { oldest: number | null }>(
    `SELECT count(*) AS count, min(id) AS oldest FROM messages
     WHERE queue = ? AND state = ${READY}`,
    id,
  );
  const since = connection.get<{ at: number }>(
    "SELECT visible_at AS at FROM messages WHERE id = ?",
    ready?.oldest ?? null,
  );
  const consumers = connection.get<Count>(
    "SELECT coalesce(sum(count), 0) AS count FROM consumers WHERE queue = ?",
    id,
  );
  return {
    ready: ready?.count ?? 0,
    dead: deadLetters === null ? 0 : countAll(connection, deadLetters),
    consumers: consumers?.count ?? 0,
    inFlight: countIn(connection, id, HELD),
    delayed: countIn(connection, id, DELAYED),
    ...since && { oldestAgeMs: Math.max(0, now - since.at) },
  };
}

/** Dead letters that somebody looks at are dead letters still. */
function countAll(connection: Connection, queue: number): number {
  return [READY, DELAYED, HELD].reduce((sum, state) => sum + countIn(connection, queue, state), 0);
}

/** The state is written out, since an index of a part of the table serves only such queries. */
function countIn(connection: Connection, queue: number, state: number): number {
  const sql = `SELECT count(*) AS count FROM messages WHERE queue = ? AND state = ${state}`;
  return connection.get<Count>(sql, queue)?.count ?? 0;
}
