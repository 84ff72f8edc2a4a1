import type { Delivery, Settlement } from "../shared/broker/broker.ts";
import { DEAD_STATUS, lastResponseHeaders, withFailedAttempt } from "../shared/message/history.ts";
import type { Outcome } from "./outcome.ts";

/** An outcome as the broker is told of it; a failure is added to the message's history. */
export function settlementOf(delivery: Delivery, outcome: Outcome): Settlement {
  switch (outcome.kind) {
    case "answered":
    case "streamed":
    case "cancelled":
      return { kind: "ack", delivery };
    case "retry": {
      const { delayMs, countsAttempt, failure } = outcome;
      const headers = withFailedAttempt(delivery.message, { at: Date.now(), failure });
      return { kind: "retry", delivery, delayMs, countsAttempt, headers };
    }
    case "dead": {
      const { reason, failure, response } = outcome;
      const headers = {
        ...withFailedAttempt(delivery.message, { at: Date.now(), failure }),
        ...lastResponseHeaders(response),
      };
      return { kind: "dead", delivery, reason, headers };
    }
    case "broken-off": {
      const failure = `broken off: ${outcome.failure}`;
      const headers = {
        ...withFailedAttempt(delivery.message, { at: Date.now(), failure }),
        [DEAD_STATUS]: outcome.status,
      };
      return { kind: "dead", delivery, reason: "broken-off", headers };
    }
    case "expired":
      return { kind: "dead", delivery, reason: "expired" };
    case "postponed":
      return { kind: "retry", delivery, delayMs: 0, countsAttempt: false };
    case "released":
      return { kind: "release", delivery };
  }
}
