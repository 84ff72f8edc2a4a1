import { setTimeout as delay } from "node:timers/promises";

const everyMs = 50;
const patienceMs = 60_000;

/**
 * Asks every moment, without waiting for the answers, until one request is answered.
 * @returns how long that took from the start, milliseconds.
 * @throws {Error} none is answered within a minute.
 */
export async function recovery(url: string, signal: AbortSignal): Promise<number> {
  const start = performance.now();
  const answered = Promise.withResolvers<void>();
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const pending = new Set<Promise<void>>();
  // Connections of its own, which are not there any more when leaks are looked for.
  using client = Deno.createHttpClient({});
  const ask = async () => {
    try {
      const response = await fetch(`${url}/probe`, { client, headers: { prefer: "wait=10" } });
      await response.body?.cancel();
      if (response.ok) answered.resolve();
    } catch {
      // not yet
    }
  };
  const asking = (async () => {
    while (performance.now() - start < patienceMs) {
      const asked = ask().finally(() => pending.delete(asked));
      pending.add(asked);
      await delay(everyMs, undefined, { signal: until });
    }
    throw new Error("no request was answered within a minute after the fault");
  })();
  asking.catch(answered.reject);
  await answered.promise;
  const took = performance.now() - start;
  stop.abort();
  await Promise.all(pending);
  return took;
}
