import { setTimeout as delay } from "node:timers/promises";
import process from "node:process";

/** How long to wait. */
export interface Waiting {
  /** Milliseconds. @default 15000 */
  readonly timeoutMs?: number;
}

/**
 * Polls until a check no longer throws and gives something other than `false` and `undefined`.
 * @returns what it gave.
 * @throws {Error} not in time; the cause is what the check threw last.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 15_000 }: Waiting = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await check();
      if (value !== false && value !== undefined) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(10);
  } while (performance.now() < deadline);
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  throw new Error(`not within ${timeoutMs} ms${why}`, { cause });
}

/** A promise's value, if it comes in time. */
export async function within<T>(
  promise: PromiseLike<T>,
  what: string,
  { timeoutMs = 15_000 }: Waiting = {},
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`${what}: not within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The next `count` items of an iteration, which goes on afterwards.
 * @throws {Error} they do not come in time, or the iteration ends before.
 */
export async function take<T>(
  iterable: AsyncIterable<T>,
  count: number,
  { timeoutMs = 15_000 }: Waiting = {},
): Promise<T[]> {
  const iterator = iterable[Symbol.asyncIterator]();
  const deadline = performance.now() + timeoutMs;
  const items: T[] = [];
  while (items.length < count) {
    const what = `item ${items.length + 1} of ${count}`;
    const left = Math.max(1, Math.round(deadline - performance.now()));
    const { done, value } = await within(iterator.next(), what, { timeoutMs: left });
    if (done) throw new Error(`the iteration ended before ${what}`);
    items.push(value);
  }
  return items;
}

/** What all the names of this run, and no others, contain. */
export const runId: string = `${Date.now().toString(36)}${process.pid.toString(36)}`;

let lastName = 0;

/** A name that no other test, process or run has. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${runId}_${++lastName}`;
}
