import type { HeaderValue, Message, MessageHeaders } from "../broker/broker.ts";
import type { QueuedResponse } from "./envelope.ts";

/** Header that keeps the failed attempts of a request, the oldest first. */
export const ATTEMPTS = "attempts";
/** Header of a dead letter: the status of the last response, if there was one. */
export const DEAD_STATUS = "dead-status";
/** Header of a dead letter: the first characters of the last response's body. */
export const DEAD_RESPONSE = "dead-response";

/** How much of the last response a dead letter keeps, characters. */
const responseCharacters = 1024;
/** How many attempts are kept: the first, and the last ones. */
const mostAttempts = 20;

/** An attempt that failed. */
export interface FailedAttempt {
  /** When it ended, epoch milliseconds. */
  readonly at: number;
  readonly failure: string;
}

/** The failed attempts that a message tells of. */
export function failedAttempts({ headers }: Pick<Message, "headers">): FailedAttempt[] {
  const attempts = headers[ATTEMPTS];
  return Array.isArray(attempts) ? attempts.flatMap((item) => failedAttempt(item)) : [];
}

function failedAttempt(item: HeaderValue): FailedAttempt[] {
  if (typeof item !== "object" || Array.isArray(item)) return [];
  const { at, failure } = item as { [name: string]: HeaderValue };
  return typeof at === "number" && typeof failure === "string" ? [{ at, failure }] : [];
}

/** The header of a message with one failed attempt more. */
export function withFailedAttempt(message: Message, attempt: FailedAttempt): MessageHeaders {
  const { at, failure } = attempt;
  const all = [...failedAttempts(message), { at, failure: failure.slice(0, 200) }];
  const kept = all.length > mostAttempts
    ? [...all.slice(0, 1), ...all.slice(1 - mostAttempts)]
    : all;
  return { [ATTEMPTS]: kept.map((one) => ({ ...one })) };
}

/** The headers that tell of the last response. */
export function lastResponseHeaders(
  { status, body }: Pick<QueuedResponse, "status" | "body">,
): MessageHeaders {
  const text = new TextDecoder().decode(body.subarray(0, 4 * responseCharacters));
  return { [DEAD_STATUS]: status, [DEAD_RESPONSE]: text.slice(0, responseCharacters) };
}
