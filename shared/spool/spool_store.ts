/**
 * Beside the broker contract: bodies that are too large for one message, or still being made, as
 * pieces that stay until they are deleted. Types and guarantees only; `tests/spools/` is their
 * meaning. Services use it by {@link SpoolWriter} and {@link readSpool}.
 *
 * A spool has one writer, which numbers its pieces, and any number of readers, at once and one
 * after the other, each from wherever it likes.
 *
 * @module
 */

/**
 * A body that is larger is spooled, bytes. A smaller one goes in its message: that costs no more than the
 * message, while a spool costs several round trips to the broker. Above, enqueuer, broker and dequeuer
 * would each hold the whole of it in memory.
 */
export const spoolFromBytes = 4 * 2 ** 20;

/** The most bytes of a body that a piece has. */
export const maxPieceBytes = 131_072;

/** A part of a body in a spool. */
export interface Piece {
  /** 0, 1, 2 ... */
  readonly seq: number;
  /** How many bytes of the body are in the pieces before it. */
  readonly at: number;
  /** At most {@link maxPieceBytes}; empty in one that only says that its writer is there. */
  readonly body: Uint8Array;
  /** Whether the body ends with it. */
  readonly last: boolean;
  /** Why the body is not whole; of the last piece. */
  readonly error?: string;
}

/**
 * - `ended`: its last piece is there.
 * - `growing`: its writer was heard of within `silenceMs`.
 * - `silent`: it was not, and the last piece is missing.
 */
export type SpoolState = "ended" | "growing" | "silent";

/**
 * The spools of a broker. An id has 1 to 100 characters of `A-Z a-z 0-9 . _ -`.
 *
 * All methods reject with `BrokerUnavailableError` when the broker cannot be reached, within ten
 * seconds.
 */
export interface SpoolStore {
  /** Makes a spool, durably. One that is there already stays as it is. */
  create(id: string): Promise<void>;
  /**
   * Appends pieces, and resolves when they are durable. After a rejection nobody knows which of them
   * are there, so the same pieces may be appended again; readers then get some of them twice.
   * @throws {SpoolNotFoundError} there is no such spool.
   */
  append(id: string, pieces: readonly Piece[]): Promise<void>;
  /**
   * The pieces from the one that has the byte `from`, or from an earlier one, in the order in which
   * they were appended, and then those that come. It takes no more of them than its reader does, but
   * for a few. It goes on through outages, and ends after the last piece and when the signal aborts.
   * @throws {SpoolNotFoundError} there is no such spool, or no longer.
   */
  read(id: string, from: number, signal: AbortSignal): AsyncIterable<Piece>;
  /**
   * What is known of a spool, within `silenceMs` and a little; undefined if there is none.
   * @param silenceMs after how long a silence its writer is taken for gone, milliseconds.
   */
  look(id: string, silenceMs: number): Promise<SpoolState | undefined>;
  /** Deletes a spool, whoever reads or writes it. That there is none is no error. */
  delete(id: string): Promise<void>;
}

/** What a reader of a spool gets whose body is not whole. */
export class SpoolBrokenError extends Error {
  /** The name of the class. */
  override name = "SpoolBrokenError";
}

/** The same, as nothing has come for too long: its writer is gone, or the broker. */
export class SpoolSilentError extends SpoolBrokenError {
  /** The name of the class. */
  override name = "SpoolSilentError";
}
