import { Hono } from "hono";
import type { Registry } from "prom-client";
import { healthRoutes, type Readiness } from "../shared/http/health.ts";

/** The dequeuer's HTTP interface: health and metrics. Does no I/O by itself. */
export function createApp(
  deps: { readonly readiness: () => Readiness; readonly registry: Registry },
): Hono {
  const app = new Hono();
  app.route("/health", healthRoutes(deps.readiness));
  app.get("/metrics", async (c) => {
    c.header("content-type", deps.registry.contentType);
    return c.body(await deps.registry.metrics());
  });
  return app;
}
