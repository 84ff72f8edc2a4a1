import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./sqlite_error.ts";

/**
 * A sign of life that ends with the process, however that ends: a lock on a file of its own, which
 * the system lets go of when the process is gone. So others know of a death within a second, while
 * a process that is merely slow keeps its lock. It is SQLite's lock because `node:fs` has none.
 */
export class Pulse {
  readonly #path: string;
  readonly #lock: DatabaseSync;

  /** @throws {Error} the file cannot be made or locked. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#lock = new DatabaseSync(path, { timeout: 0 });
    try {
      this.#lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    } catch (error) {
      this.#lock.close();
      throw error;
    }
  }

  stop(): void {
    this.#lock.close();
    rmSync(this.#path, { force: true });
  }
}

/** Whether a process that had a {@link Pulse} has none any more. */
export function hasStopped(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    new Pulse(path).stop();
  } catch (error) {
    if (!isBusy(error)) throw error;
    return false;
  }
  return true;
}
