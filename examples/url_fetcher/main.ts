import { addressPolicy } from "../../shared/http/address_policy.ts";
import { createApp } from "./app.ts";
import { ConfigError, readConfig, type UrlFetcherConfig, variables } from "./config.ts";
import { httpGet, resolveBySystem } from "./http_get.ts";

/** A url-fetcher that listens. */
export interface RunningUrlFetcher extends AsyncDisposable {
  /** Its base URL without a slash at the end, as `http://127.0.0.1:8082`. */
  readonly url: string;
  /** Takes no more requests and resolves when those in flight are answered. */
  close(): Promise<void>;
}

/**
 * Starts a url-fetcher in this process.
 *
 * @example
 * ```ts
 * await using fetcher = startUrlFetcher({ port: 0 });
 * await fetch(`${fetcher.url}/fetch`, { method: "POST", body: '{"url":"https://example.com/"}' });
 * ```
 */
export function startUrlFetcher(
  options: Partial<UrlFetcherConfig> = {},
): RunningUrlFetcher {
  const config = { ...readConfig({}), ...options };
  const app = createApp({
    get: httpGet,
    resolve: resolveBySystem,
    policy: addressPolicy(config.allowPrivate),
    timeoutMs: config.timeoutMs,
    maxBytes: config.maxBytes,
  });
  const { port, host: hostname } = config;
  const server = Deno.serve({ port, hostname, onListen() {} }, app.fetch);
  const close = () => server.shutdown();
  return { url: urlOf(server.addr), close, [Symbol.asyncDispose]: close };
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

async function main(): Promise<void> {
  if (Deno.args.includes("--help")) {
    console.log(`url-fetcher: POST /fetch, GET /health. Reads ${variables.join(", ")}.`);
    return;
  }
  const fetcher = startUrlFetcher(
    readConfig(Object.fromEntries(variables.map((name) => [name, Deno.env.get(name)]))),
  );
  console.log(`url-fetcher listens on ${fetcher.url}`);
  await stopSignal();
  await fetcher.close();
}

function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.removeSignalListener(signal, stop);
    resolve();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);
  return promise;
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}
