import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { Problem } from "../shared/http/problem.ts";

const digest = (text: string) => createHash("sha256").update(text).digest();

/**
 * Lets requests pass that carry one of the keys as `Authorization: Bearer KEY` (RFC 6750 section
 * 2.1). Every key is compared in constant time, so that the time tells nothing about them.
 * @param what the keys' name, for those who have none.
 */
export function bearerAuth(keys: readonly string[], what = "API keys"): MiddlewareHandler {
  const digests = keys.map(digest);
  return (c, next) => {
    const [, key] = /^Bearer +(\S+) *$/i.exec(c.req.raw.headers.get("authorization") ?? "") ?? [];
    const given = digest(key ?? "");
    let known = false;
    for (const expected of digests) known = timingSafeEqual(given, expected) || known;
    if (key === undefined || !known) {
      throw new Problem("unauthorized", {
        detail: `send one of the enqueuer's ${what} as Authorization: Bearer KEY`,
      });
    }
    return next();
  };
}
