import type { Wire } from "../../shared/http/server/incoming.ts";

/** What the enqueuer's app takes beside a request. */
export interface AppBindings {
  /** The request as it came, where a server has it; without, what the Web's `Request` has of it. */
  readonly wire?: Wire;
}

/** A request as it came, from the environment of its handler. */
export function wireOf(env: unknown): Wire | undefined {
  return (env as AppBindings | undefined)?.wire;
}
