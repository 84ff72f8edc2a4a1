import { Problem, type ProblemType } from "../shared/http/problem.ts";
import { parseRetryAfter } from "../shared/http/retry_after.ts";
import type { QueuedResponse } from "../shared/message/envelope.ts";
import { backoffMs, type BackoffPolicy } from "../shared/backoff.ts";
import type { ForwardResult } from "./forwarder.ts";

/** What becomes of a delivery, and what its requester is told. */
export type Outcome =
  | {
    readonly kind: "answered";
    readonly response: QueuedResponse;
    /** Whether its requester was told before. */
    readonly replied?: boolean;
  }
  /** Passed on as it came: its requester has it. */
  | { readonly kind: "streamed"; readonly status: number }
  /** A dead letter: its requester has a part of it, and was told that it is no more than that. */
  | { readonly kind: "broken-off"; readonly status: number; readonly failure: string }
  | {
    readonly kind: "retry";
    readonly delayMs: number;
    readonly countsAttempt: boolean;
    readonly failure: string;
  }
  | {
    readonly kind: "dead";
    readonly reason: string;
    readonly failure: string;
    readonly response: QueuedResponse;
  }
  /** Nobody waited any more when its turn came: a dead letter, and no reply. */
  | { readonly kind: "expired" }
  /** Not tried: back to the queue, and no attempt used up. */
  | { readonly kind: "postponed" }
  /** Nobody wants a response any more: gone, and no reply. */
  | { readonly kind: "cancelled" }
  /** Cut off by a shutdown: back to the queue at once. */
  | { readonly kind: "released" };

/** When a failed request is tried again. */
export interface RetryPolicy {
  /** Attempts in all, at least 1. */
  readonly maxAttempts: number;
  /**
   * The statuses that are failures and may pass; any other is the microservice's answer. To an event,
   * which nobody else can try again, those from 500 on are too.
   */
  readonly statuses: ReadonlySet<number>;
  readonly backoff: BackoffPolicy;
}

/** What {@link decide} has to know beside how the call ended. */
export interface Circumstances {
  readonly requestId: string | undefined;
  /** Whether it is an event, whose publisher gets no answer: the only success is a status 2xx. */
  readonly isEvent: boolean;
  /** The attempt that has just ended, from 1. */
  readonly attempt: number;
  /** Whether it counts: the probe of a circuit breaker does not. */
  readonly countsAttempt: boolean;
  /** Epoch milliseconds until which anyone waits. */
  readonly deadline: number | undefined;
  readonly now: number;
  /** From 0 up to but not including 1. */
  readonly random: number;
}

/**
 * Decides from how the call ended. A failure is tried again while there are attempts left and the
 * next would still come before the deadline; then the request is dead, and its requester gets the
 * microservice's last response, or a problem document where there was none. An event that got an
 * answer which is neither success nor a failure that may pass is dead at once.
 */
export function decide(
  result: ForwardResult,
  policy: RetryPolicy,
  circumstances: Circumstances,
): Outcome {
  const problem = (type: ProblemType, detail: string) =>
    problemResponse(type, detail, circumstances.requestId);
  switch (result.kind) {
    case "response": {
      const { response } = result;
      const { status } = response;
      const { isEvent } = circumstances;
      const mayPass = policy.statuses.has(status) || isEvent && status >= 500;
      if (isEvent ? isSuccess(status) : !mayPass) return { kind: "answered", response };
      const reason = `status-${status}`;
      const retryAfter = response.headers["retry-after"];
      const failure: Failure = {
        reason,
        failure: reason,
        response,
        ...(typeof retryAfter === "string" ? { retryAfter } : {}),
      };
      return mayPass ? again(policy, circumstances, failure) : dead(failure);
    }
    case "streamed":
      return result;
    case "broken-off":
      // Not again: its requester has seen a part of it.
      return { kind: "broken-off", status: result.status, failure: result.detail };
    case "spooled":
      return { kind: "answered", response: result.response, replied: true };
    case "cut-off":
      return again(policy, circumstances, {
        reason: "broken-off",
        failure: `broken off: ${result.detail}`,
        response: problem("upstream-unreachable", `the response broke off: ${result.detail}`),
      });
    case "unreachable":
      return again(policy, circumstances, {
        reason: "unreachable",
        failure: result.detail,
        response: problem("upstream-unreachable", result.detail),
      });
    case "timeout":
      return again(policy, circumstances, {
        reason: "timeout",
        failure: result.detail,
        response: problem("timeout", result.detail),
      });
    case "body-gone":
      // It will not come back.
      return {
        kind: "dead",
        reason: result.kind,
        failure: result.detail,
        response: problem("body-gone", result.detail),
      };
    case "body-unreadable":
      return again(policy, circumstances, {
        reason: result.kind,
        failure: result.detail,
        response: problem("broker-unavailable", result.detail),
      });
    case "invalid-request":
      return {
        kind: "dead",
        reason: "invalid",
        failure: result.detail,
        response: problem("bad-request", result.detail),
      };
    case "invalid-response":
      return {
        kind: "dead",
        reason: "invalid-response",
        failure: result.detail,
        response: problem("upstream-protocol-error", result.detail),
      };
    case "failed":
      return again(policy, circumstances, {
        reason: "failed",
        failure: result.detail,
        response: problem("upstream-failed", result.detail),
      });
    case "dropped":
      return {
        kind: "dead",
        reason: "dropped",
        failure: result.detail,
        response: problem("upstream-failed", result.detail),
      };
    case "expired":
      return { kind: "expired" };
    case "cancelled":
      return { kind: "cancelled" };
    case "stopped":
      return { kind: "released" };
  }
}

/** A failure that may be tried again, with what its requester gets if it is not. */
interface Failure {
  readonly reason: string;
  readonly failure: string;
  readonly response: QueuedResponse;
  readonly retryAfter?: string;
}

function again(
  { maxAttempts, backoff }: RetryPolicy,
  { attempt, countsAttempt, deadline = Infinity, now, random }: Circumstances,
  { reason, failure, response, retryAfter }: Failure,
): Outcome {
  const retryAfterMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, now);
  const delayMs = backoffMs(backoff, attempt, retryAfterMs, random);
  const spent = countsAttempt ? attempt : attempt - 1;
  if (spent < maxAttempts && now + delayMs < deadline) {
    return { kind: "retry", delayMs, countsAttempt, failure };
  }
  return dead({ reason, failure, response });
}

function dead({ reason, failure, response }: Failure): Outcome {
  return { kind: "dead", reason, failure, response };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** A problem document as a response for the queue. */
export function problemResponse(
  type: ProblemType,
  detail: string,
  requestId: string | undefined,
): QueuedResponse {
  const problem = new Problem(type, {
    detail,
    ...(requestId === undefined ? {} : { requestId }),
  });
  return {
    status: problem.status,
    headers: problem.toHeaders(),
    body: new TextEncoder().encode(JSON.stringify(problem.toDocument())),
  };
}
