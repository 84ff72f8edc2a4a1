import { z } from "@hono/zod-openapi";
import { finalStates, type RequestRecord } from "../../shared/results/result_store.ts";

const time = z.iso.datetime();

/** The state of a request, as JSON. */
export const requestSchema = z.object({
  id: z.string().openapi({ format: "uuid", example: "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f" }),
  service: z.string().openapi({ example: "url-fetcher" }),
  status: z.enum(["queued", "processing", "succeeded", "failed", "dead", "cancelled"]).openapi({
    description:
      "`succeeded`: answered with a status below 400; `failed`: answered with another; `dead`: it " +
      "stands in the dead letters.",
  }),
  attempt: z.int().openapi({
    description: "The attempt that runs, or was the last; 0 before the first.",
  }),
  next_attempt_at: time.optional(),
  reason: z.string().optional().openapi({
    description: "Why the last attempt failed.",
    example: "status-503",
  }),
  response_status: z.int().optional().openapi({ description: "Of the response, if there is one." }),
  due_at: time.optional().openapi({ description: "Of a delayed request: when it is delivered." }),
  deadline: time.optional().openapi({ description: "After it the request is not forwarded." }),
  created_at: time,
  updated_at: time,
  links: z.object({
    self: z.string(),
    response: z.string(),
    events: z.string(),
  }),
}).openapi("Request");

/** The state of a request, as JSON. */
export type RequestDocument = z.infer<typeof requestSchema>;

/** How long after its deadline a request that nobody has told of is taken for expired, milliseconds. */
const graceMs = 5_000;

/**
 * A record as it stands at a time: what has expired in its queue nobody tells of.
 * @param now epoch milliseconds.
 */
export function asOf(record: RequestRecord, now: number): RequestRecord {
  const expiresAt = expiryOf(record);
  if (expiresAt === undefined || now < expiresAt) return record;
  const { nextAttemptAt: _, ...rest } = record;
  return { ...rest, state: "dead", reason: "expired", updatedAt: expiresAt };
}

/** When a request is taken for expired unless something is told of it before; epoch milliseconds. */
export function expiryOf({ state, run, deadline }: RequestRecord): number | undefined {
  // One that is replayed has lost its deadline.
  const expires = deadline !== undefined && run === 0 && !finalStates.has(state);
  return expires ? deadline + graceMs : undefined;
}

/** Where the state of a request is. */
export function requestPath(id: string): string {
  return `/requests/${id}`;
}

/** A record as JSON. */
export function toRequestDocument(record: RequestRecord): RequestDocument {
  const { id, service, state, attempt, reason, status } = record;
  const self = requestPath(id);
  return {
    id,
    service,
    status: state,
    attempt,
    ...(record.nextAttemptAt === undefined
      ? {}
      : { next_attempt_at: isoTime(record.nextAttemptAt) }),
    ...(reason === undefined ? {} : { reason }),
    ...(status === undefined ? {} : { response_status: status }),
    ...(record.dueAt === undefined ? {} : { due_at: isoTime(record.dueAt) }),
    ...(record.deadline === undefined ? {} : { deadline: isoTime(record.deadline) }),
    created_at: isoTime(record.createdAt),
    updated_at: isoTime(record.updatedAt),
    links: { self, response: `${self}/response`, events: `${self}/events` },
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
