import type { Connection } from "./connection.ts";

/** Who gets a broadcast: a reply queue, and the client that has it. */
export interface Subscriber {
  readonly queue: string;
  readonly client: number;
}

/** Has a reply queue get what is broadcast under these names, within a transaction. */
export function subscribe(
  connection: Connection,
  queue: string,
  client: number,
  names: Iterable<string>,
): void {
  const sql = "INSERT OR REPLACE INTO broadcasts (name, queue, client) VALUES (?, ?, ?)";
  for (const name of names) connection.run(sql, name, queue, client);
}

/** Has a reply queue get no broadcasts any more, within a transaction. */
export function unsubscribe(connection: Connection, queue: string): void {
  connection.run("DELETE FROM broadcasts WHERE queue = ?", queue);
}

/** The reply queues of other clients that get what is broadcast under a name. */
export function otherSubscribers(
  connection: Connection,
  name: string,
  client: number,
): Subscriber[] {
  const sql = "SELECT queue, client FROM broadcasts WHERE name = ? AND client <> ?";
  return connection.all<{ queue: string; client: number }>(sql, name, client);
}
