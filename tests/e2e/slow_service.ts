import { serve } from "../../shared/http/server/server.ts";
import type { TestServer } from "./stack.ts";

/** A call to a {@link SlowService}. */
export interface SlowCall {
  readonly path: string;
  /** The request's id. */
  readonly id: string | null;
  /** When its connection was cut, on the clock of `performance.now()`. */
  abortedAt?: number;
  /** Ends it. */
  answer(): void;
}

/** A microservice that takes its time: each call is open until it is answered, or cut. */
export interface SlowService extends TestServer {
  readonly calls: SlowCall[];
}

/** Starts a microservice whose calls stay open. A path that starts with `/quick` is answered at once. */
export async function slowService(): Promise<SlowService> {
  const calls: SlowCall[] = [];
  const { url, port, close } = await serve((request) => {
    const path = new URL(request.url).pathname;
    const { promise, resolve } = Promise.withResolvers<Response>();
    const answer = () => resolve(new Response(`answer to ${path}`));
    const call: SlowCall = { path, id: request.headers.get("proxymq-request-id"), answer };
    calls.push(call);
    request.signal.addEventListener("abort", () => {
      call.abortedAt = performance.now();
      answer();
    });
    if (path.startsWith("/quick")) answer();
    return promise;
  }, { hostname: "127.0.0.1", port: 0 });
  return {
    url,
    port,
    calls,
    [Symbol.asyncDispose]() {
      for (const call of calls) call.answer();
      return close(AbortSignal.timeout(2_000));
    },
  };
}
