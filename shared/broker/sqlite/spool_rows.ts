import type { Piece, SpoolState } from "../../spool/spool_store.ts";
import { SpoolNotFoundError } from "../errors.ts";
import { collectable } from "./blob.ts";
import type { Connection } from "./connection.ts";

/** Node 22 takes some arrays without a byte, a TextEncoder's for one, for NULL. */
const nothing = new Uint8Array(0);

/** Makes a spool if there is none of that name, within a transaction. */
export function create(connection: Connection, name: string, now: number): void {
  const sql = "INSERT INTO spools (name, heard_at, ended) VALUES (?, ?, 0) ON CONFLICT DO NOTHING";
  connection.run(sql, name, now);
}

/**
 * The number of a spool.
 * @throws {SpoolNotFoundError}
 */
export function find(connection: Connection, name: string): number {
  const found = connection.get<{ id: number }>("SELECT id FROM spools WHERE name = ?", name);
  if (!found) throw new SpoolNotFoundError(name);
  return found.id;
}

/**
 * Appends pieces, within a transaction.
 * @throws {SpoolNotFoundError}
 */
export function append(
  connection: Connection,
  name: string,
  pieces: readonly Piece[],
  now: number,
): void {
  const spool = find(connection, name);
  for (const { seq, at, last, error, body } of pieces) {
    connection.run(
      `INSERT INTO spool_pieces (spool, seq, at, last, error, body) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      spool,
      seq,
      at,
      last ? 1 : 0,
      error ?? null,
      body.byteLength > 0 ? body : nothing,
    );
  }
  const ended = pieces.some(({ last }) => last) ? 1 : 0;
  const sql = "UPDATE spools SET heard_at = ?, ended = max(ended, ?) WHERE id = ?";
  connection.run(sql, now, ended, spool);
}

/** The piece with which reading has to begin so that it comes to a byte. */
export function seqOf(connection: Connection, spool: number, from: number): number {
  const found = connection.get<{ seq: number }>(
    `SELECT seq FROM spool_pieces WHERE spool = ? AND at <= ?
     ORDER BY at DESC, seq DESC LIMIT 1`,
    spool,
    from,
  );
  return found?.seq ?? 0;
}

/**
 * A piece of a spool, or the next one after it that is there.
 * @throws {SpoolNotFoundError} the spool was deleted.
 */
export function pieceFrom(
  connection: Connection,
  { name, spool, seq }: { name: string; spool: number; seq: number },
): Piece | undefined {
  if (find(connection, name) !== spool) throw new SpoolNotFoundError(name);
  const next = connection.get<Omit<Piece, "last"> & { last: number; why: string | null }>(
    `SELECT seq, at, last, error AS why, body FROM spool_pieces
     WHERE spool = ? AND seq >= ? ORDER BY seq LIMIT 1`,
    spool,
    seq,
  );
  if (!next) return undefined;
  const { at, last, why } = next;
  const body = collectable(next.body);
  return { seq: next.seq, at, body, last: last === 1, ...(why === null ? {} : { error: why }) };
}

/** What is known of a spool. */
export function stateOf(
  connection: Connection,
  name: string,
  { now, silenceMs }: { now: number; silenceMs: number },
): SpoolState | undefined {
  const found = connection.get<{ heardAt: number; ended: number }>(
    "SELECT heard_at AS heardAt, ended FROM spools WHERE name = ?",
    name,
  );
  if (!found) return undefined;
  if (found.ended) return "ended";
  return now - found.heardAt < silenceMs ? "growing" : "silent";
}

/** Deletes a spool, within a transaction; its pieces are removed little by little. */
export function remove(connection: Connection, name: string): void {
  const sql = "DELETE FROM spools WHERE name = ? RETURNING id";
  const removed = connection.get<{ id: number }>(sql, name);
  if (removed) connection.run("INSERT INTO deleted_spools (id) VALUES (?)", removed.id);
}
