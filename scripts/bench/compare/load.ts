/**
 * Callers, each with a connection of its own, who send one request after the other for some
 * milliseconds; a process of its own, so that it takes nothing from the event loops that are measured.
 * Prints what they saw as JSON.
 *
 *     deno run -A load.ts URL CONNECTIONS MS
 *
 * @module
 */
import { Connection } from "../requests/connection.ts";

/** What callers saw. */
export interface Seen {
  /** Requests that were answered with 200. */
  readonly count: number;
  readonly seconds: number;
  /** Milliseconds from sending a request to the end of its response. */
  readonly p50: number;
  readonly p99: number;
}

/** What callers saw. @param times of each request, and `ms` of all together, milliseconds. */
export function seen(times: readonly number[], ms: number): Seen {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { count: sorted.length, seconds: ms / 1_000, p50: at(0.5), p99: at(0.99) };
}

const body = '{"text":"hello"}';

async function call(url: URL, end: () => boolean, times: number[]): Promise<void> {
  using connection = await Connection.open(url);
  while (!end()) {
    const start = performance.now();
    const { status, head } = await connection.exchange("POST", url.pathname, {
      "content-type": "application/json",
    }, body);
    if (status !== 200) throw new Error(`${url}: ${status}\n${head}`);
    times.push(performance.now() - start);
  }
}

if (import.meta.main) {
  const [url = "", connections, ms] = Deno.args;
  const times: number[] = [];
  const start = performance.now();
  const end = () => performance.now() - start >= Number(ms);
  await Promise.all(
    Array.from({ length: Number(connections) }, () => call(new URL(url), end, times)),
  );
  console.log(JSON.stringify(seen(times, performance.now() - start)));
}
