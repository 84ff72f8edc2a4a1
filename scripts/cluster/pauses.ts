import type { Call } from "../soak/load.ts";

/** What callers saw in a span of time. */
export interface Pause {
  /** The longest time in which nobody got an answer, milliseconds. */
  readonly silenceMs: number;
  /** The longest that somebody waited who was waiting then, tries after 503 included, milliseconds. */
  readonly longestMs: number;
}

/** What callers saw between two times of `performance.now()`. */
export function pauseBetween(calls: readonly Call[], start: number, end: number): Pause {
  const answers = calls
    .filter((call) => call.outcome === "right" && call.end >= start && call.end <= end)
    .map((call) => call.end)
    .sort((a, b) => a - b);
  let silenceMs = 0;
  let last = start;
  for (const answer of [...answers, end]) {
    silenceMs = Math.max(silenceMs, answer - last);
    last = answer;
  }
  const longestMs = calls
    .filter((call) => call.start <= end && call.end >= start)
    .reduce((most, call) => Math.max(most, call.end - call.start), 0);
  return { silenceMs, longestMs };
}
