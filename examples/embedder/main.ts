import { runAlone, type RunningService, serveAlone } from "../common/alone.ts";
import { createApp } from "./app.ts";
import { type EmbedderConfig, readConfig, variables } from "./config.ts";

/** Starts an embedder. What is not told is as {@link EmbedderConfig} says. */
export function startEmbedder(options: Partial<EmbedderConfig> = {}): RunningService {
  return serveAlone(createApp(), { ...readConfig({}), ...options });
}

if (import.meta.main) {
  const routes = "POST /embed, POST /batch, GET /health";
  await runAlone({ name: "embedder", routes, variables, readConfig, start: startEmbedder });
}
