import type { QueuedResponse } from "../shared/message/envelope.ts";
import type { RequestState } from "../shared/results/result_store.ts";
import { type Outcome, problemResponse } from "./outcome.ts";

/** The end of a request, as it is told to those who did not wait for it. */
export interface ToldEnd {
  readonly state: Exclude<RequestState, "queued" | "processing">;
  readonly response?: QueuedResponse;
  /** Why it is dead. */
  readonly reason?: string;
}

/** What is told of an outcome as the end of its request; undefined if the request goes on. */
export function endOf(end: Outcome, id: string | undefined): ToldEnd | undefined {
  switch (end.kind) {
    case "answered":
      return {
        state: end.response.status < 400 ? "succeeded" : "failed",
        response: end.response,
      };
    case "streamed":
      return { state: end.status < 400 ? "succeeded" : "failed" };
    case "broken-off":
      return { state: "dead", reason: end.kind };
    case "dead":
      return { state: "dead", reason: end.reason, response: end.response };
    case "expired": {
      const detail = "the deadline passed while the request waited in its queue";
      return {
        state: "dead",
        reason: "expired",
        response: problemResponse("timeout", detail, id),
      };
    }
    case "cancelled":
      return { state: "cancelled" };
    case "retry":
    case "postponed":
    case "released":
      return undefined;
  }
}
