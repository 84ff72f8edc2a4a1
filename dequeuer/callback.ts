import type { Callback, CallbackState } from "../shared/message/callback.ts";
import type { QueuedRequest, QueuedResponse } from "../shared/message/envelope.ts";
import { newRequestId } from "../shared/message/request_id.ts";
import { type Outcome, problemResponse } from "./outcome.ts";

/** How a request may have ended, as far as a callback is concerned; some outcomes are no end. */
export type RequestEnd = Outcome | { readonly kind: "expired" };

/** What {@link callbackFor} has to know beside the request and its end. */
export interface CallbackCircumstances {
  readonly service: string;
  /** How often the request was replayed from the dead letters. */
  readonly run: number;
  readonly now: number;
}

/** The callback that a request's end makes; undefined if it asked for none, or goes on. */
export function callbackFor(
  { id, callback: url }: QueuedRequest,
  end: RequestEnd,
  { service, run, now }: CallbackCircumstances,
): Callback | undefined {
  const told = url === undefined ? undefined : toldOf(end, id);
  if (url === undefined || told === undefined) return undefined;
  return { id: id ?? newRequestId(), url, service, run, at: now, ...told };
}

function toldOf(
  end: RequestEnd,
  id: string | undefined,
): { readonly state: CallbackState; readonly response?: QueuedResponse } | undefined {
  switch (end.kind) {
    case "answered":
      return {
        state: end.response.status < 400 ? "succeeded" : "failed",
        response: end.response,
      };
    case "dead":
      return { state: "dead", response: end.response };
    case "expired": {
      const detail = "the deadline passed while the request waited in its queue";
      return { state: "dead", response: problemResponse("timeout", detail, id) };
    }
    case "cancelled":
      return { state: "cancelled" };
    case "retry":
    case "postponed":
    case "released":
      return undefined;
  }
}
