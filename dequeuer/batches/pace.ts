/** What {@link dueAt} goes by. */
export interface Situation {
  /** When the batch's first item came. Times are those of `performance.now()`. */
  readonly firstAt: number;
  /** Since when no call has been under way; undefined while there is one. */
  readonly idleSince: number | undefined;
  /** Until when more items are expected than have come; undefined if none are. */
  readonly expectedUntil: number | undefined;
}

/**
 * When a batch that could take more is due, if a call slot is free for it.
 *
 * - The microservice is busy: waiting costs little, so the batch lingers.
 * - It is idle, and nobody is expected: at once.
 * - It is idle, and callers who were answered just now have not come again: it lingers for them,
 *   from when the slot was free, since what came before that had to wait for it anyway.
 */
export function dueAt(
  { firstAt, idleSince, expectedUntil }: Situation,
  lingerMs: number,
): number {
  if (idleSince === undefined) return firstAt + lingerMs;
  if (expectedUntil === undefined) return firstAt;
  return Math.min(Math.max(firstAt, idleSince) + lingerMs, expectedUntil);
}

/** For how many linger times callers who were answered are expected to come again. */
const expectedLingers = 4;

interface Expected {
  count: number;
  until: number;
}

/**
 * Knows what {@link dueAt} has to. Whoever was answered tends to come again, at once: without a
 * wait for them, many callers fall apart into two halves that take turns, and every call is half
 * full (docs/adr/0006-when-a-batch-goes.md).
 */
export class Pace {
  readonly #lingerMs: number;
  /** By batch key, the one that was answered last at the end. */
  readonly #expected = new Map<string, Expected>();
  #running = 0;
  #idleSince = -Infinity;

  /** @param lingerMs how long an item may wait for others, milliseconds. */
  constructor(lingerMs: number) {
    this.#lingerMs = lingerMs;
  }

  /** An item came that is to be batched. */
  joined(key: string): void {
    const expected = this.#expected.get(key);
    if (expected && --expected.count <= 0) this.#expected.delete(key);
  }

  /** A call was made. */
  started(): void {
    this.#running++;
  }

  /** A call ended, with so many of its callers answered. */
  ended(key: string, answered: number, now: number): void {
    this.#running--;
    if (this.#running === 0) this.#idleSince = now;
    this.#forget(now);
    if (answered === 0) return;
    const count = (this.#expected.get(key)?.count ?? 0) + answered;
    this.#expected.delete(key);
    this.#expected.set(key, { count, until: now + expectedLingers * this.#lingerMs });
  }

  /** When a batch of this key is due that could take more. */
  dueAt(key: string, firstAt: number, now: number): number {
    const until = this.#expected.get(key)?.until;
    return dueAt({
      firstAt,
      idleSince: this.#running > 0 ? undefined : this.#idleSince,
      expectedUntil: until !== undefined && until > now ? until : undefined,
    }, this.#lingerMs);
  }

  #forget(now: number): void {
    for (const [key, { until }] of this.#expected) {
      if (until > now) return;
      this.#expected.delete(key);
    }
  }
}
