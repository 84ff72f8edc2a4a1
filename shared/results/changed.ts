import type { QueuedResponse } from "../message/envelope.ts";
import { requestIdTime } from "../message/request_id.ts";
import {
  abandonedAfterMs,
  type Change,
  finalStates,
  type NewRequest,
  type RequestRecord,
} from "./result_store.ts";

/** The record of a request that is entered. */
export function entered(request: NewRequest, now: number): RequestRecord {
  return {
    ...request,
    state: "queued",
    run: 0,
    attempt: 0,
    createdAt: now,
    updatedAt: now,
    confirmed: false,
  };
}

/**
 * What a change makes of a record, which is undefined where the request is not known.
 * @returns undefined where the change has no effect.
 */
export function changed(
  record: RequestRecord | undefined,
  change: Change,
  now: number,
): RequestRecord | undefined {
  const before = record ?? missed(change, now);
  const run = change.run ?? 0;
  if (run < before.run || (run === before.run && finalStates.has(before.state))) return undefined;
  const response = responseOf(change);
  const said = before.status !== undefined && before.attempt === change.attempt;
  // What is told of the same attempt before its response may come after it.
  if (change.state === "processing" && run === before.run && said && !response) return undefined;
  const { nextAttemptAt: _, reason: __, status: ___, ...kept } = before;
  return {
    ...kept,
    state: change.state,
    run,
    attempt: change.attempt ?? (run === before.run ? before.attempt : 0),
    ...(change.nextAttemptAt === undefined ? {} : { nextAttemptAt: change.nextAttemptAt }),
    ...(change.reason === undefined ? {} : { reason: change.reason }),
    ...(response ? { status: response.status } : {}),
    updatedAt: now,
    // Whoever has something to record of it has got it from its queue.
    confirmed: true,
  };
}

/**
 * The response that is given from a change on: with an end any, before it one that is still being written
 * to its spool.
 */
export function responseOf({ state, response }: Change): QueuedResponse | undefined {
  const growing = state === "processing" && response?.spooled !== undefined;
  return growing || finalStates.has(state) ? response : undefined;
}

/** The record of a request of which nothing is known but a change. */
function missed({ id, service }: Change, now: number): RequestRecord {
  // The ids of a process run ahead of its clock when that is set back.
  const createdAt = Math.min(now, requestIdTime(id) ?? now);
  return { ...entered({ id, service }, now), createdAt };
}

/** Whether a claim's request was entered by somebody who has not got it into its queue since. */
export function isAbandoned({ confirmed, createdAt }: RequestRecord, now: number): boolean {
  return !confirmed && now >= createdAt + abandonedAfterMs;
}

/** Whether a request waits for its time: for its delivery, or for its next attempt. */
export function isDelayed(
  { state, dueAt = 0, nextAttemptAt = dueAt }: RequestRecord,
  now: number,
): boolean {
  return state === "queued" && nextAttemptAt > now;
}

/** For how long an end is waited for of which nobody knows when it will be, milliseconds. */
const openForMs = 30 * 86_400_000;

/**
 * From when on a request is unknown, if it stays as it is; epoch milliseconds. One that has not
 * ended waits for its end, but nothing comes any more for so long after its deadline; and one
 * without a deadline may have been lost with its queue, or with the enqueuer that was about to
 * publish it: it is given up after a month in which nothing was heard of it.
 */
export function expiresAt(record: RequestRecord, ttlMs: number): number {
  const { state, updatedAt, deadline, dueAt = 0, nextAttemptAt = 0 } = record;
  if (finalStates.has(state)) return updatedAt + ttlMs;
  if (deadline !== undefined) return Math.max(deadline, updatedAt) + ttlMs;
  return Math.max(updatedAt, dueAt, nextAttemptAt) + Math.max(openForMs, ttlMs);
}
