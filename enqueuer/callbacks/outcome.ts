import { backoffMs, type BackoffPolicy } from "../../shared/backoff.ts";
import type { Delivery, Settlement } from "../../shared/broker/broker.ts";
import { parseRetryAfter } from "../../shared/http/retry_after.ts";
import { lastResponseHeaders, withFailedAttempt } from "../../shared/message/history.ts";
import type { PostResult } from "./post.ts";

/** What becomes of a callback. */
export type CallbackOutcome =
  | { readonly kind: "delivered" }
  | { readonly kind: "retry"; readonly delayMs: number; readonly failure: string }
  | {
    readonly kind: "dead";
    readonly reason: string;
    readonly failure: string;
    readonly response?: { readonly status: number; readonly body: Uint8Array };
  }
  /** Cut off by a shutdown: back to the queue at once. */
  | { readonly kind: "released" };

/** When a callback that failed is delivered again. */
export interface CallbackRetry {
  /** Attempts in all, at least 1. */
  readonly maxAttempts: number;
  readonly backoff: BackoffPolicy;
}

/**
 * Decides from how a delivery ended. 2xx is success; 410 (Gone) says that the receiver wants no
 * more of them, and what may not go where it is to go will not later; anything else is tried again
 * while there are attempts left.
 * @param given the attempt that has just ended, from 1; the time, epoch milliseconds; and a random
 * number from 0 up to but not including 1.
 */
export function decide(
  result: PostResult,
  { maxAttempts, backoff }: CallbackRetry,
  given: { readonly attempt: number; readonly now: number; readonly random: number },
): CallbackOutcome {
  const again = (
    reason: string,
    failure: string,
    response?: Extract<PostResult, { kind: "response" }>,
  ): CallbackOutcome => {
    if (given.attempt >= maxAttempts || response?.status === 410) {
      return { kind: "dead", reason, failure, ...(response ? { response } : {}) };
    }
    const retryAfter = response?.retryAfter;
    const askedMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, given.now);
    return {
      kind: "retry",
      delayMs: backoffMs(backoff, given.attempt, askedMs, given.random),
      failure,
    };
  };
  switch (result.kind) {
    case "response": {
      if (result.status >= 200 && result.status < 300) return { kind: "delivered" };
      const status = `status-${result.status}`;
      return again(status, status, result);
    }
    case "refused":
      return { kind: "dead", reason: "refused", failure: result.detail };
    case "unreachable":
    case "timeout":
      return again(result.kind, result.detail);
    case "stopped":
      return { kind: "released" };
  }
}

/** An outcome as the broker is told of it; a failure is added to the message's history. */
export function settlementOf(
  delivery: Delivery,
  outcome: CallbackOutcome,
  now: number,
): Settlement {
  switch (outcome.kind) {
    case "delivered":
      return { kind: "ack", delivery };
    case "retry": {
      const { delayMs, failure } = outcome;
      const headers = withFailedAttempt(delivery.message, { at: now, failure });
      return { kind: "retry", delivery, delayMs, headers };
    }
    case "dead": {
      const { reason, failure, response } = outcome;
      const headers = {
        ...withFailedAttempt(delivery.message, { at: now, failure }),
        ...(response ? lastResponseHeaders(response) : {}),
      };
      return { kind: "dead", delivery, reason, headers };
    }
    case "released":
      return { kind: "release", delivery };
  }
}
