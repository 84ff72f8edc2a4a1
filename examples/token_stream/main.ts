import { runAlone, type RunningService, serveAlone } from "../common/alone.ts";
import { createApp } from "./app.ts";
import { readConfig, type TokenStreamConfig, variables } from "./config.ts";

/** Starts a token-stream. What is not told is as {@link TokenStreamConfig} says. */
export function startTokenStream(options: Partial<TokenStreamConfig> = {}): RunningService {
  const config = { ...readConfig({}), ...options };
  const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return serveAlone(createApp({ paceMs: config.paceMs, wait }), config);
}

if (import.meta.main) {
  const routes = "POST /generate, GET /health";
  await runAlone({ name: "token-stream", routes, variables, readConfig, start: startTokenStream });
}
