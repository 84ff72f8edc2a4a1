import type { CancelledRequest } from "../../results/result_store.ts";
import { Watchers } from "../../results/watchers.ts";
import type { WakeUp } from "../../wake_up.ts";
import type { Connection } from "./connection.ts";

/** Somebody who hears of what is cancelled. */
export interface CancelListener {
  readonly wakeUp: WakeUp;
  /** The last cancellation it has heard of. */
  seen: number;
}

/**
 * Those in this process who wait for changes in the result store. What the process changes itself
 * wakes them directly. Of what others change they hear through a table, which others write to only
 * for requests that are watched, and which is read and emptied as {@link Replies} are.
 */
export class Watching {
  readonly #watchers = new Watchers();
  readonly #listeners = new Set<CancelListener>();
  #seen = 0;
  #removed = 0;
  #lastCancelled = 0;

  /** Whether somebody waits. */
  get awaited(): boolean {
    return this.#watchers.any || this.#listeners.size > 0;
  }

  /** Has a request's changes wake somebody. {@link announce} follows. */
  watch(request: string, wakeUp: WakeUp): void {
    this.#watchers.add(request, wakeUp);
  }

  /** The opposite. {@link announce} follows here too. */
  unwatch(request: string, wakeUp: WakeUp): void {
    this.#watchers.remove(request, wakeUp);
  }

  /** Makes it known to other processes whether a request is watched, within a transaction. */
  announce(connection: Connection, client: number, request: string): void {
    const sql = this.#watchers.has(request)
      ? "INSERT OR IGNORE INTO watches (request, client) VALUES (?, ?)"
      : "DELETE FROM watches WHERE request = ? AND client = ?";
    connection.run(sql, request, client);
  }

  listen(listener: CancelListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: CancelListener): void {
    this.#listeners.delete(listener);
  }

  /** A change of this process's was committed. */
  changed(request: string): void {
    this.#watchers.wake(request);
  }

  /** The same of a cancellation. */
  cancelled(): void {
    for (const { wakeUp } of this.#listeners) wakeUp.wake();
  }

  /** Makes all that is watched known under another client id, within a transaction. */
  move(connection: Connection, client: number): void {
    for (const request of this.#watchers.requests) this.announce(connection, client, request);
    this.#seen = 0;
    this.#removed = 0;
    this.#lastCancelled = 0;
    // It may be another file: what is cancelled there is told again rather than not at all.
    for (const listener of this.#listeners) listener.seen = 0;
    this.#watchers.wakeAll();
    this.cancelled();
  }

  /** Wakes those who wait for what others have changed. */
  receive(connection: Connection, client: number): void {
    if (this.#watchers.any) {
      const rows = connection.all<{ id: number; request: string }>(
        "SELECT id, request FROM watch_news WHERE id > ? AND client = ? ORDER BY id",
        this.#seen,
        client,
      );
      for (const { id, request } of rows) {
        this.#seen = id;
        this.#watchers.wake(request);
      }
    }
    if (this.#listeners.size > 0) {
      const last = connection.get<{ id: number | null }>("SELECT max(id) AS id FROM cancellations");
      if ((last?.id ?? 0) <= this.#lastCancelled) return;
      this.#lastCancelled = last?.id ?? 0;
      this.cancelled();
    }
  }

  /** Removes what was told, within a transaction. */
  clean(connection: Connection, client: number): void {
    if (this.#seen === this.#removed) return;
    connection.run("DELETE FROM watch_news WHERE client = ? AND id <= ?", client, this.#seen);
    this.#removed = this.#seen;
  }
}

/**
 * Tells the other clients that watch a request of its change, within a transaction.
 * @returns those that are to be woken.
 */
export function tellWatchers(connection: Connection, request: string, client: number): number[] {
  const watching = connection.all<{ client: number }>(
    "SELECT client FROM watches WHERE request = ? AND client <> ?",
    request,
    client,
  );
  for (const other of watching) {
    const sql = "INSERT INTO watch_news (client, request) VALUES (?, ?)";
    connection.run(sql, other.client, request);
  }
  return watching.map((other) => other.client);
}

/** What was cancelled and has to be known still, that a listener has not heard of. */
export function hear(connection: Connection, listener: CancelListener): CancelledRequest[] {
  const now = Date.now();
  const rows = connection.all<{ seq: number; id: string; until: number }>(
    "SELECT id AS seq, request AS id, until FROM cancellations WHERE id > ? ORDER BY id",
    listener.seen,
  );
  listener.seen = rows.at(-1)?.seq ?? listener.seen;
  return rows.filter(({ until }) => until > now).map(({ id, until }) => ({ id, until }));
}
