import { DEAD_AT, DEAD_QUEUE, DEAD_REASON, type MessageHeaders } from "../broker.ts";
import type { Connection } from "./connection.ts";
import { addHeaders, buriedHead } from "./head.ts";
import type { Queue } from "./queues.ts";
import { READY } from "./schema.ts";

/**
 * Moves a message to its queue's dead letters; one that is there already stays there.
 * @returns the queue it is in now.
 */
export function bury(
  connection: Connection,
  id: number,
  from: Queue,
  reason: string,
  now: number,
  headers: MessageHeaders = {},
): number {
  const queue = from.deadLetters ?? from.id;
  connection.run(
    `UPDATE messages SET queue = ?, state = ${READY}, owner = NULL, visible_at = ?,
       expires_at = NULL WHERE id = ?`,
    queue,
    now,
    id,
  );
  addToHead(connection, id, {
    ...headers,
    [DEAD_REASON]: reason,
    [DEAD_AT]: now,
    [DEAD_QUEUE]: from.name,
  }, buriedHead);
  return queue;
}

/** Merges headers into those of a stored message. */
export function addToHead(
  connection: Connection,
  id: number,
  headers: MessageHeaders,
  merge: (head: string, headers: MessageHeaders) => string = addHeaders,
): void {
  const row = connection.get<{ head: string }>("SELECT head FROM payloads WHERE id = ?", id);
  if (!row) return;
  const head = merge(row.head, headers);
  connection.run("UPDATE payloads SET head = ? WHERE id = ?", head, id);
}
