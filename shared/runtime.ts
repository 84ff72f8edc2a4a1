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

/**
 * Loads a module as if for a browser. The npm package `debug`, which some libraries log with, lists all
 * environment variables when it is loaded elsewhere, and a service may read but a few.
 */
export async function loadedAsInBrowser<T>(load: () => Promise<T>): Promise<T> {
  Object.assign(process, { browser: true });
  try {
    return await load();
  } finally {
    Reflect.deleteProperty(process, "browser");
  }
}

/** Whether stdout is a terminal. */
export function stdoutIsTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Ends the process. */
export function exit(code: number): never {
  process.exit(code);
}

/**
 * Gives up the permission to read and write files for the rest of the process, where the runtime
 * has such permissions: a service on a remote broker needs none.
 */
export function giveUpFiles(): void {
  Deno.permissions.revokeSync({ name: "write" });
  Deno.permissions.revokeSync({ name: "read" });
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
   * Stops accepting, and waits until the requests in flight are answered, or the signal aborts:
   * whoever is slower than that is left to the end of the process.
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
  const server = listen(handler, options);
  const { hostname, port } = server.addr;
  let shutdown: Promise<void> | undefined;
  return {
    hostname,
    port,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    close: (signal) => Promise.race([shutdown ??= server.shutdown(), aborted(signal)]),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function listen(
  handler: RequestHandler,
  options: { readonly hostname: string; readonly port: number },
): Deno.HttpServer<Deno.NetAddr> {
  try {
    // Only a body that breaks off gets here; whoever made it has said why.
    const onError = () => new Response(null, { status: 500 });
    return Deno.serve({ ...options, onListen() {}, onError }, handler);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot listen on ${options.hostname}:${options.port}: ${why}`, { cause });
  }
}
