import type { DeadLetter } from "./dead_letter.ts";

/** Which dead letters are meant: those for which all that is given holds. */
export interface Filter {
  readonly ids?: readonly string[];
  /** The reason, or its beginning with a `*` after it: `status-5*`. */
  readonly reason?: string;
  /** The status of the last response. */
  readonly status?: number;
  /** Dead for longer than that, milliseconds. */
  readonly olderThanMs?: number;
  /** Dead for less than that, milliseconds. */
  readonly newerThanMs?: number;
  /** How the request's path begins. */
  readonly path?: string;
}

/** Whether a filter lets everything pass. */
export function isEmpty(filter: Filter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

/** Whether a dead letter is meant. One that does not say when it died has no age. */
export function matches(filter: Filter, letter: DeadLetter, now: number): boolean {
  const { ids, reason, status, olderThanMs, newerThanMs, path } = filter;
  const age = letter.deadAt === undefined ? undefined : now - letter.deadAt;
  return (ids === undefined || ids.includes(letter.id)) &&
    (reason === undefined || isReason(letter.reason, reason)) &&
    (status === undefined || letter.lastStatus === status) &&
    (olderThanMs === undefined || (age !== undefined && age > olderThanMs)) &&
    (newerThanMs === undefined || (age !== undefined && age < newerThanMs)) &&
    (path === undefined || (letter.path?.startsWith(path) ?? false));
}

function isReason(reason: string, wanted: string): boolean {
  return wanted.endsWith("*") ? reason.startsWith(wanted.slice(0, -1)) : reason === wanted;
}
