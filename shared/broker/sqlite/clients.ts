import type { Connection } from "./connection.ts";
import { HELD, READY } from "./schema.ts";

/** How long a client is believed to live without saying so again, milliseconds. */
export const LEASE = 10_000;

/** An id for a client, drawn by lot, so that no other file or time has a client of that id. */
export function newId(now: number): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint16Array(2));
  return (now % 2 ** 20) * 2 ** 32 + high * 2 ** 16 + low;
}

/** Enters a client, which is a process that has the file open. */
export function enter(connection: Connection, id: number, now: number): void {
  connection.run("INSERT INTO clients (id, lease_until) VALUES (?, ?)", id, now + LEASE);
}

/** @returns false if the client was given up for dead meanwhile. */
export function isEntered(connection: Connection, client: number): boolean {
  return connection.get("SELECT 1 FROM clients WHERE id = ?", client) !== undefined;
}

export function renew(connection: Connection, client: number, now: number): void {
  connection.run("UPDATE clients SET lease_until = ? WHERE id = ?", now + LEASE, client);
}

/** All clients, with the time until which they are believed to live, epoch milliseconds. */
export function list(connection: Connection): { id: number; leaseUntil: number }[] {
  return connection.all("SELECT id, lease_until AS leaseUntil FROM clients");
}

/**
 * Removes a client with all that is its own; what it holds goes back to the queues.
 * @returns the queues that got messages back.
 */
export function leave(connection: Connection, client: number): Set<number> {
  const released = connection.all<{ queue: number }>(
    `UPDATE messages SET state = ${READY}, owner = NULL, redeliveries = redeliveries + 1
     WHERE state = ${HELD} AND owner = ? RETURNING queue`,
    client,
  );
  for (
    const table of ["consumers", "reply_queues", "broadcasts", "replies", "watches", "watch_news"]
  ) {
    connection.run(`DELETE FROM ${table} WHERE client = ?`, client);
  }
  connection.run("DELETE FROM clients WHERE id = ?", client);
  return new Set(released.map(({ queue }) => queue));
}

/** The other clients that have consumers with prefetch to spare on a queue. */
export function waiting(connection: Connection, queue: number, client: number): number[] {
  return connection.all<{ client: number }>(
    "SELECT client FROM consumers WHERE queue = ? AND waiting = 1 AND client <> ?",
    queue,
    client,
  ).map((row) => row.client);
}

/** Says how many consumers a client has on a queue, and whether one of them waits. */
export function setConsumers(
  connection: Connection,
  queue: number,
  client: number,
  { count, waiting }: { count: number; waiting: boolean },
): void {
  if (count === 0) {
    connection.run("DELETE FROM consumers WHERE queue = ? AND client = ?", queue, client);
    return;
  }
  connection.run(
    `INSERT INTO consumers (queue, client, count, waiting) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = excluded.count, waiting = excluded.waiting`,
    queue,
    client,
    count,
    waiting ? 1 : 0,
  );
}
