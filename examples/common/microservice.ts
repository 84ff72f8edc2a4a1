import { serve } from "../../shared/http/server/server.ts";

/** A microservice that listens. */
export interface Microservice extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

/** Serves an app on this machine alone. @param port 0 picks a free one. */
export async function startMicroservice(
  app: { fetch(request: Request): Response | Promise<Response> },
  port: number,
): Promise<Microservice> {
  const { url, close } = await serve((request) => app.fetch(request), {
    hostname: "127.0.0.1",
    port,
  });
  return { url, [Symbol.asyncDispose]: () => close(AbortSignal.timeout(5_000)) };
}
