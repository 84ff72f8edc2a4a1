import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

/** The header in which the microservice returns the id of the request that it ran. */
export const idHeader = "soak-request-id";

/** A microservice whose answers can be checked. */
export interface Microservice extends AsyncDisposable {
  readonly url: string;
  /** How often each request was run, by its path and then by its id. */
  readonly runs: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Starts it on a port of its own. It takes a few milliseconds for each request. */
export function startMicroservice(): Microservice {
  const runs = new Map<string, Map<string, number>>();
  let count = 0;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const id = request.headers.get("proxymq-request-id") ?? "";
    const ids = runs.get(pathname) ?? new Map<string, number>();
    runs.set(pathname, ids.set(id, (ids.get(id) ?? 0) + 1));
    const body = new Uint8Array(await request.arrayBuffer());
    await delay(2 + count++ % 5);
    return new Response(digest(request.method, pathname, id, body), {
      headers: { [idHeader]: id },
    });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    runs,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The right answer to a request. */
export function digest(method: string, path: string, id: string, body: Uint8Array): string {
  return createHash("sha256").update(`${method}\n${path}\n${id}\n`).update(body).digest("hex");
}
