/**
 * The only room that touches the runtime itself; everything else is Web-standard API or `node:`.
 *
 * @module
 */
import process from "node:process";

/** The arguments after the script's name. */
export const args: readonly string[] = process.argv.slice(2);

/** Reads one environment variable. */
export function readEnv(name: string): string | undefined {
  return process.env[name];
}

/** Whether stdout is a terminal. */
export function stdoutIsTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Ends the process. */
export function exit(code: number): never {
  process.exit(code);
}

/** Bytes that the process holds: resident set and used heap. */
export function memoryUsage(): { readonly rss: number; readonly heapUsed: number } {
  const { rss, heapUsed } = Deno.memoryUsage();
  return { rss, heapUsed };
}

/**
 * Calls `handler` on SIGTERM and SIGINT until it is disposed of.
 * @example `using _ = onTermination((signal) => drain(signal));`
 */
export function onTermination(handler: (signal: string) => void): Disposable {
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.on(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, handler);
    },
  };
}

/** A listening HTTP server. */
export interface Server {
  readonly hostname: string;
  readonly port: number;
  readonly url: string;
  /**
   * Stops accepting, waits for the requests in flight, and closes; when the signal aborts, the
   * rest is cut off.
   */
  close(signal: AbortSignal): Promise<void>;
}

/** What answers requests; never rejects. */
export type RequestHandler = (request: Request) => Response | Promise<Response>;

/**
 * Serves HTTP/1.1 and HTTP/2.
 * @param options `port` 0 picks a free one.
 * @throws when the address cannot be listened on.
 */
export function serve(
  handler: RequestHandler,
  options: { readonly hostname: string; readonly port: number },
): Server {
  const cut = new AbortController();
  const server = Deno.serve({ ...options, signal: cut.signal, onListen() {} }, handler);
  const { hostname, port } = server.addr;
  return {
    hostname,
    port,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    async close(signal) {
      const abort = () => cut.abort();
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      try {
        await server.shutdown();
        await server.finished;
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
  };
}
