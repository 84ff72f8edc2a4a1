import type { QueueStats } from "../../shared/broker/broker.ts";
import type { Moved, MovedQueue } from "../../shared/move/move.ts";
import { printable } from "../text.ts";

/** What was moved of a queue, and whether it was only looked at. */
export interface Part {
  readonly which: MovedQueue;
  readonly moved: Moved;
  readonly dryRun: boolean;
}

/** How many are, or would be, moved. */
function countOf({ moved, dryRun }: Part): number {
  return dryRun ? moved.matched - moved.failed.length : moved.done;
}

/** A number of requests or dead letters. */
export function amount(count: number, which: MovedQueue): string {
  const noun = which === "requests" ? "request" : "dead letter";
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The state of a service's queues, for people. */
export function stateOf({ ready, inFlight, delayed, dead, consumers }: QueueStats): string {
  return [
    `${ready} ready`,
    ...(inFlight === undefined ? [] : [`${inFlight} in flight`]),
    delayed === undefined ? "delayed ones not known" : `${delayed} delayed`,
    `${dead} dead`,
    `${consumers} consumer${consumers === 1 ? "" : "s"}`,
  ].join(", ");
}

/** What came of a part, a line each. */
export function* linesOf(part: Part): Generator<string> {
  const { which, moved, dryRun } = part;
  for (const { id, error } of moved.failed) {
    yield `${printable(id)} ${dryRun ? "would stay" : "stays"}: ${error}`;
  }
  yield `${amount(countOf(part), which)} ${dryRun ? "would be moved" : "moved"}`;
  if (moved.tracked > 0) {
    yield `${moved.tracked} of them ${dryRun ? "have" : "had"} their state in the result store, ` +
      "which is not moved: RESULTS_URL says to the services where it is";
  }
  if (moved.awaited > 0) {
    yield `${moved.awaited} ${
      dryRun ? "would be left" : "left"
    } for the dequeuers at the source: ` +
      "somebody waits there for the response (--include-waiting moves them too)";
  }
}

/** What came of a part, for programs. */
export function documentOf(part: Part): object {
  const { moved: { total, tracked, awaited, failed } } = part;
  return { total, moved: countOf(part), tracked, waiting: awaited, failed };
}
