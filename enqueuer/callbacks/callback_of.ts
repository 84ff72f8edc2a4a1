import { Problem } from "../../shared/http/problem.ts";
import { type AllowList, CallbackUrlError } from "./allow_list.ts";

/**
 * Where a caller wants to be told how its request ended, by its `ProxyMQ-Callback` header;
 * undefined if it does not.
 * @throws {Problem} `bad-request`, if callbacks are off or may not go there.
 */
export type CallbackOf = (headers: Headers) => string | undefined;

/** @param allow without it callbacks are off. */
export function callbackReader(allow: AllowList | undefined): CallbackOf {
  return (headers) => {
    const value = headers.get("proxymq-callback");
    if (value === null) return undefined;
    if (!allow) {
      throw new Problem("bad-request", {
        detail: "the request has a ProxyMQ-Callback header, and callbacks are off; they are on " +
          "once ENQUEUER_CALLBACK_ALLOW and ENQUEUER_CALLBACK_SECRET are set",
      });
    }
    try {
      return allow.read(value).href;
    } catch (error) {
      if (!(error instanceof CallbackUrlError)) throw error;
      throw new Problem("bad-request", {
        detail: `the ProxyMQ-Callback header is ${JSON.stringify(value.slice(0, 200))}: ` +
          error.message,
      });
    }
  };
}
