import type { Callback } from "../shared/message/callback.ts";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { newRequestId } from "../shared/message/request_id.ts";
import type { Outcome } from "./outcome.ts";
import { endOf } from "./request_end.ts";

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
  end: Outcome,
  { service, run, now }: CallbackCircumstances,
): Callback | undefined {
  const told = url === undefined ? undefined : endOf(end, id);
  if (url === undefined || told === undefined) return undefined;
  const { reason: _, ...rest } = told;
  return { id: id ?? newRequestId(), url, service, run, at: now, ...rest };
}
