/** How long retries wait. */
export interface BackoffPolicy {
  /** The longest wait before the first retry, milliseconds; it doubles with each further one. */
  readonly baseMs: number;
  /** The longest wait at all, milliseconds; a longer `Retry-After` is cut to it. */
  readonly maxMs: number;
}

/**
 * The wait before the next attempt, milliseconds: exponential with full jitter, any time from 0
 * to the bound, so that what failed together does not come again together; but no sooner than
 * whoever failed asked for.
 *
 * @param attempt the attempt that failed, from 1.
 * @param retryAfterMs what its `Retry-After` asked for, if it had one.
 * @param random from 0 up to but not including 1.
 */
export function backoffMs(
  { baseMs, maxMs }: BackoffPolicy,
  attempt: number,
  retryAfterMs: number | undefined,
  random: number,
): number {
  const bound = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 40));
  return Math.round(Math.max(random * bound, Math.min(retryAfterMs ?? 0, maxMs)));
}
