import { addressPolicy } from "../../shared/http/address_policy.ts";
import { runAlone, type RunningService, serveAlone } from "../common/alone.ts";
import { createApp } from "./app.ts";
import { readConfig, type UrlFetcherConfig, variables } from "./config.ts";
import { httpGet, resolveBySystem } from "./http_get.ts";

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
): RunningService {
  const config = { ...readConfig({}), ...options };
  const app = createApp({
    get: httpGet,
    resolve: resolveBySystem,
    policy: addressPolicy(config.allowPrivate),
    timeoutMs: config.timeoutMs,
    maxBytes: config.maxBytes,
  });
  return serveAlone(app, config);
}

if (import.meta.main) {
  const routes = "POST /fetch, POST /batch, GET /health";
  await runAlone({ name: "url-fetcher", routes, variables, readConfig, start: startUrlFetcher });
}
