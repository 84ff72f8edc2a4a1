import { grpcTimeoutMs } from "./grpc_timeout.ts";
import { parseIdempotencyKey } from "./idempotency_key.ts";
import { parsePrefer } from "./prefer.ts";

/** What becomes of a caller who waits in vain: it gets 504, or 202 and the response later. */
export type OnTimeout = "error" | "respond-async";

/** How a caller wants its response. */
export interface Order {
  /** How long it waits, milliseconds. */
  readonly waitMs: number;
  /** Whether it then gets 202 and fetches the response later, rather than 504. */
  readonly later: boolean;
  /** Whether it has said `Prefer: respond-async` itself. */
  readonly respondAsync: boolean;
  /** Milliseconds after which nobody wants the response any more, if it said so. */
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
  /** Where it wants to be told of the end. */
  readonly callback?: string;
}

/** What holds for a caller who says nothing. */
export interface OrderDefaults {
  /** Milliseconds. */
  readonly replyTimeoutMs: number;
  readonly onTimeout: OnTimeout;
}

/**
 * Reads `Prefer`, `grpc-timeout` and `Idempotency-Key`. A caller waits for the least of what it
 * says, or for the default; with `respond-async`, only if it says `wait`.
 * @param callback where it wants to be told of the end.
 * @throws {Problem} `bad-request`, if one of them is not well-formed.
 */
export function orderOf(
  headers: Headers,
  { replyTimeoutMs, onTimeout }: OrderDefaults,
  callback?: string,
): Order {
  const { respondAsync, waitMs } = parsePrefer(headers.get("prefer"));
  const timeoutMs = grpcTimeoutMs(headers.get("grpc-timeout"));
  const key = parseIdempotencyKey(headers.get("idempotency-key"));
  const wait = waitMs ?? (respondAsync ? 0 : timeoutMs ?? replyTimeoutMs);
  return {
    waitMs: Math.min(wait, timeoutMs ?? Infinity),
    later: respondAsync || callback !== undefined || onTimeout === "respond-async",
    respondAsync,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(callback === undefined ? {} : { callback }),
  };
}

/** Whether the caller can come back for its response, once its connection is gone. */
export function comesBack({ respondAsync, idempotencyKey, callback }: Order): boolean {
  return respondAsync || idempotencyKey !== undefined || callback !== undefined;
}

/**
 * Whether the request's state and response are kept, so that they can be asked for later, by this
 * caller or by one that sends the same key.
 */
export function isTracked({ later, idempotencyKey }: Order): boolean {
  return later || idempotencyKey !== undefined;
}
