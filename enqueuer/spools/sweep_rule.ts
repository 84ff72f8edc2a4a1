import type { SpoolNote } from "../../shared/message/spool_note.ts";
import type { RequestState } from "../../shared/results/result_store.ts";
import type { SpoolState } from "../../shared/spool/spool_store.ts";

/** What is known of a spool that is looked after. */
export interface Swept {
  readonly note: SpoolNote;
  /** Undefined if it is gone. */
  readonly state: SpoolState | undefined;
  /** Of a spool that has ended: how the request is, as far as it is known. */
  readonly request?: RequestState | undefined;
  /** Of a response's: whether it is the one that is given for the request, and until when if it has ended. */
  readonly given?: boolean;
  readonly expiresAt?: number | undefined;
  /** How often it was looked at, this time included. */
  readonly looks: number;
  readonly now: number;
}

/** What becomes of it: nothing any more, or it is deleted, or it is looked at again. */
export type Sweep =
  | { readonly kind: "gone" }
  | { readonly kind: "delete"; readonly why: string }
  | { readonly kind: "again"; readonly afterMs: number };

/** Between two looks: a minute, doubled each time up to six hours. */
const firstPauseMs = 60_000;
const longestPauseMs = 6 * 3_600_000;
/** How much after a time it is taken for over, milliseconds. */
const marginMs = 1_000;

/**
 * Decides about a spool that nobody may delete any more, because who would have died. A request's body
 * stays for its time, since a dead letter needs it, unless the request is known to have been answered.
 */
export function sweepOf(swept: Swept): Sweep {
  const { note, state, request, given, expiresAt, looks, now } = swept;
  if (state === undefined) return { kind: "gone" };
  if (state === "silent") return { kind: "delete", why: "its writer is gone" };
  const afterMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(looks - 1, 20));
  if (state === "growing") return { kind: "again", afterMs };
  if (note.body === "response") {
    if (!given) return { kind: "delete", why: "its response is not given any more" };
    const leftMs = expiresAt === undefined ? afterMs : expiresAt + marginMs - now;
    return { kind: "again", afterMs: Math.min(longestPauseMs, Math.max(marginMs, leftMs)) };
  }
  if (request === "succeeded" || request === "failed") {
    return { kind: "delete", why: "its request was answered" };
  }
  if (now >= note.until) return { kind: "delete", why: "its time is over" };
  return { kind: "again", afterMs: Math.min(afterMs, Math.max(marginMs, note.until - now)) };
}
