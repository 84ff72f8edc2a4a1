import type { DeadLetter } from "../soak/broker.ts";
import type { Call } from "../soak/load.ts";

/** What became of all the requests of a scenario. */
export interface Account {
  readonly requests: number;
  readonly right: number;
  readonly wrong: number;
  /** Accepted, and then neither answered, nor run to its end, nor a dead letter. */
  readonly lost: number;
  /** Callers who were told in the end that it failed. */
  readonly told502: number;
  readonly told503: number;
  readonly told504: number;
  /** Callers whose connection broke, because their enqueuer was killed. */
  readonly cutOff: number;
  /** How often a caller was told 503, or found nobody listening, and tried again. */
  readonly triedAgain: number;
  /** How often the microservice ran a request that it had run to the end before. */
  readonly duplicates: number;
  readonly deadLetters: number;
  /** The longest that a caller waited, its tries after 503 included, milliseconds. */
  readonly longestMs: number;
}

/** What {@link takeAccount} looks at. */
export interface Books {
  readonly calls: readonly Call[];
  readonly runs: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly deadLetters: readonly DeadLetter[];
  /** Whether callers may have been cut off by a killed enqueuer. */
  readonly cutsCallers: boolean;
}

/** Compares what callers were told with what was run and what stands in the dead letters. */
export function takeAccount({ calls, runs, deadLetters, cutsCallers }: Books): Account {
  const dead = new Set(deadLetters.map(({ path }) => path));
  const count = (outcome: Call["outcome"]) =>
    calls.filter((call) => call.outcome === outcome).length;
  const isLost = ({ outcome, path }: Call) => {
    if (outcome === "502") return !dead.has(path);
    if (outcome === "504") return !runs.has(path) && !dead.has(path);
    return outcome === "connection error" && !cutsCallers;
  };
  let duplicates = 0;
  for (const ids of runs.values()) for (const times of ids.values()) duplicates += times - 1;
  return {
    requests: calls.length,
    right: count("right"),
    wrong: count("wrong") + count("another status"),
    lost: calls.filter(isLost).length,
    told502: count("502"),
    told503: count("503"),
    told504: count("504"),
    cutOff: cutsCallers ? count("connection error") : 0,
    triedAgain: calls.reduce((sum, { retries }) => sum + retries, 0),
    duplicates,
    deadLetters: deadLetters.length,
    longestMs: calls.reduce((most, { start, end }) => Math.max(most, end - start), 0),
  };
}
