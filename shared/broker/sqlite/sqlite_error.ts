import { BrokerUnavailableError } from "../errors.ts";

/** SQLITE_BUSY and SQLITE_LOCKED, without their extended parts. */
const BUSY = new Set([5, 6]);

/**
 * Whether another connection stood in the way, so that trying again makes sense. Deno does not
 * give SQLite's result code, so its words have to do there.
 */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("errcode" in error && typeof error.errcode === "number") {
    return BUSY.has(error.errcode & 0xff);
  }
  return /^database (table |schema )?is locked/.test(error.message);
}

/** The error that a caller gets for a failure of the database. */
export function unavailable(path: string, cause: unknown): BrokerUnavailableError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.startsWith("unable to open database file")
    ? "it cannot be opened or made; its folder has to exist, and this process has to be allowed to write there"
    : text;
  return new BrokerUnavailableError(`the database ${path} cannot be used: ${reason}`, { cause });
}
