/**
 * Between tries: 100 ms, doubled each time, half of it at random.
 * @param mostMs up to which it grows. @default 5 s
 */
export function backoffMs(failures: number, mostMs = 5_000): number {
  const ms = Math.min(mostMs, 100 * 2 ** Math.min(failures, 16));
  return ms * (0.5 + Math.random() / 2);
}

/** Resolves after a while, or as soon as the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

/**
 * What a promise comes to, unless the time is over or a signal aborts before.
 * @throws what `late` makes, or the signal's reason.
 */
export function within<T>(
  promise: Promise<T>,
  limits: { ms?: number; late?: () => Error; signals?: readonly (AbortSignal | undefined)[] },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const signals = (limits.signals ?? []).filter((signal) => signal !== undefined);
    const aborted = () => {
      release();
      reject(signals.find((signal) => signal.aborted)?.reason);
    };
    const timer = limits.ms === undefined ? undefined : setTimeout(() => {
      release();
      reject(limits.late?.() ?? new Error(`no answer within ${limits.ms} ms`));
    }, limits.ms);
    const release = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", aborted);
    };
    promise.then((value) => {
      release();
      resolve(value);
    }, (error) => {
      release();
      reject(error);
    });
    if (signals.some((signal) => signal.aborted)) return aborted();
    for (const signal of signals) signal.addEventListener("abort", aborted);
  });
}

/**
 * Runs something with a signal that aborts after a while. What `AbortSignal.timeout` would not do: it
 * keeps no process alive once that has ended.
 */
export async function withTimeout<T>(
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ms);
  try {
    return await run(limit.signal);
  } finally {
    clearTimeout(timer);
  }
}
