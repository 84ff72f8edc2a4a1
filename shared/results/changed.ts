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
  const before = record ?? entered({ id: change.id, service: change.service }, now);
  const run = change.run ?? 0;
  if (run < before.run || (run === before.run && finalStates.has(before.state))) return undefined;
  const { nextAttemptAt: _, reason: __, status: ___, ...kept } = before;
  const response = finalStates.has(change.state) ? change.response : undefined;
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

/** Whether a claim's request was entered by somebody who has not got it into its queue since. */
export function isAbandoned({ confirmed, createdAt }: RequestRecord, now: number): boolean {
  return !confirmed && now >= createdAt + abandonedAfterMs;
}
