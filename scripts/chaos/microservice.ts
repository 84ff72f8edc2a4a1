import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { digest, idHeader } from "../soak/microservice.ts";

/** What a microservice does instead of answering. */
export type Misdeed = "hang" | "reset" | "half a body";

/** A microservice whose answers can be checked, and which can misbehave. */
export interface Microservice extends AsyncDisposable {
  readonly url: string;
  /** The requests that it has seen, by their paths, and the `ProxyMQ-Attempt` of each try. */
  readonly seen: ReadonlyMap<string, readonly string[]>;
  /** How often each request was run to its end, by its path and then by its id. */
  readonly runs: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Ends it: connections are reset, and new ones refused. */
  die(): Promise<void>;
  /** Brings it back, at the same URL. */
  revive(): Promise<void>;
}

/** How a microservice is. */
export interface MicroserviceOptions {
  /** What it does on a request's nth try, or undefined to answer. */
  readonly misdeed?: (path: string, attempt: number) => Misdeed | undefined;
  /** How long a request takes, milliseconds. @default 20 to 40 */
  readonly takesMs?: (path: string, attempt: number) => number;
}

/** Starts it on a port of its own. */
export async function startMicroservice(options: MicroserviceOptions): Promise<Microservice> {
  const { misdeed = () => undefined, takesMs = () => 20 + 20 * Math.random() } = options;
  const seen = new Map<string, string[]>();
  const runs = new Map<string, Map<string, number>>();
  const tries = new Map<string, number>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const id = String(request.headers["proxymq-request-id"]);
    const attempt = (tries.get(id) ?? 0) + 1;
    const attempts = seen.get(path) ?? [];
    attempts.push(String(request.headers["proxymq-attempt"]));
    seen.set(path, attempts);
    tries.set(id, attempt);
    const chunks = await Array.fromAsync<Uint8Array>(request);
    const text = digest(request.method ?? "", path, id, Buffer.concat(chunks));
    switch (misdeed(path, attempt)) {
      case "hang":
        return;
      case "reset":
        request.socket.resetAndDestroy();
        return;
      case "half a body":
        response.writeHead(200, { "content-length": String(text.length), [idHeader]: id });
        response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
        return;
    }
    await delay(takesMs(path, attempt));
    const ids = runs.get(path) ?? new Map<string, number>();
    runs.set(path, ids.set(id, (ids.get(id) ?? 0) + 1));
    response.writeHead(200, { "content-length": String(text.length), [idHeader]: id });
    response.end(text);
  }

  const server = createServer((request, response) => {
    // A caller that is gone takes its request with it.
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.on("connection", (socket) => socket.on("error", () => {}));
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  const die = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    runs,
    die,
    revive: () => listen(port),
    [Symbol.asyncDispose]: die,
  };
}
