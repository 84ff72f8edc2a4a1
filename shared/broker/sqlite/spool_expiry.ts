import type { Connection } from "./connection.ts";

/** The most that one step removes, so that it stays short: pieces, 4 MiB of them at most. */
const STEP = 32;
/** Between two steps while more is to be removed, and else, milliseconds. */
const SOON = 10;
const LATER = 1_000;

/** Removes the pieces of deleted spools, a little at a time, so that a large one holds nobody up. */
export class SpoolExpiry {
  #nextAt = 0;

  /** Whether a step would remove something. */
  isDue(connection: Connection, now: number): boolean {
    return now >= this.#nextAt &&
      connection.get("SELECT 1 FROM deleted_spools LIMIT 1") !== undefined;
  }

  /**
   * Removes something, if it is time, along with what a transaction is about.
   * @returns when there is more to remove, epoch milliseconds, or infinity.
   */
  step(connection: Connection, now: number): number {
    if (now < this.#nextAt) return Infinity;
    const spool = connection.get<{ id: number }>("SELECT id FROM deleted_spools LIMIT 1");
    if (spool) {
      const { changes } = connection.run(
        `DELETE FROM spool_pieces WHERE rowid IN
           (SELECT rowid FROM spool_pieces WHERE spool = ? LIMIT ${STEP})`,
        spool.id,
      );
      if (changes < STEP) connection.run("DELETE FROM deleted_spools WHERE id = ?", spool.id);
    }
    this.#nextAt = now + (spool ? SOON : LATER);
    return spool ? this.#nextAt : Infinity;
  }
}
