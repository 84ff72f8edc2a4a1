import { setTimeout as delay } from "node:timers/promises";
import { metric } from "./metrics.ts";

/** How often is looked, milliseconds. */
const everyMs = 100;

/** How much memory services took while something happened, bytes, in their order. */
export interface MemoryTaken {
  /** When it began. */
  readonly before: readonly number[];
  /** The most at a look. */
  readonly most: readonly number[];
}

/**
 * Does something, and watches the resident memory of services meanwhile.
 * @param urls where they listen.
 */
export async function watchMemory<T>(
  urls: readonly string[],
  act: () => Promise<T>,
): Promise<{ readonly result: T } & MemoryTaken> {
  const look = () => Promise.all(urls.map((url) => metric(url, "process_resident_memory_bytes")));
  const before = await look();
  const most = [...before];
  const stop = new AbortController();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      (await look()).forEach((now, i) => most[i] = Math.max(most[i] ?? 0, now));
      await delay(everyMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();
  // A service that does not answer any more is told of by `act`, or at the end.
  looking.catch(() => {});
  try {
    return { result: await act(), before, most };
  } finally {
    stop.abort();
    await looking;
  }
}
