import { Problem } from "../../shared/http/problem.ts";
import { parseRetryAfter } from "../../shared/http/retry_after.ts";

/** The longest delay, milliseconds: a year. */
export const maxDelayMs = 366 * 86_400_000;

/** When and how urgently a request is to be done. */
export interface Schedule {
  /** Milliseconds until it is delivered. */
  readonly delayMs: number;
  /** 0 to 9, 9 the most urgent. */
  readonly priority?: number;
}

/**
 * Reads `ProxyMQ-Delay` (seconds, or an HTTP date) and `ProxyMQ-Priority` (0 to 9).
 * @throws {Problem} `bad-request`, if one of the two is not well-formed.
 */
export function scheduleOf(headers: Headers, now: number): Schedule {
  const delay = headers.get("proxymq-delay");
  const priority = headers.get("proxymq-priority");
  return {
    delayMs: delay === null ? 0 : delayMs(delay, now),
    ...(priority === null ? {} : { priority: parsePriority(priority) }),
  };
}

function delayMs(value: string, now: number): number {
  const ms = parseRetryAfter(value, now);
  if (ms !== undefined && ms <= maxDelayMs) return ms;
  throw new Problem("bad-request", {
    detail: `the ProxyMQ-Delay header is ${JSON.stringify(value)}; allowed are whole seconds or ` +
      "an HTTP date such as Sun, 22 Nov 2026 12:00:00 GMT, at most a year from now",
  });
}

function parsePriority(value: string): number {
  if (/^[0-9]$/.test(value)) return Number(value);
  throw new Problem("bad-request", {
    detail: `the ProxyMQ-Priority header is ${JSON.stringify(value)}; allowed is 0 to 9, 9 the ` +
      "most urgent",
  });
}
