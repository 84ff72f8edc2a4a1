import { Hono } from "hono";

/** What `/health/ready` says: ready or not, and a line for each thing that it depends on. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

/**
 * The probes: `/live` answers while the process can answer at all, `/ready` with 503 while
 * requests would not get through.
 */
export function healthRoutes(readiness: () => Readiness): Hono {
  const app = new Hono();
  app.get("/live", (c) => c.json({ status: "live" }));
  app.get("/ready", (c) => {
    const { ready, checks } = readiness();
    return c.json({ status: ready ? "ready" : "not ready", checks }, ready ? 200 : 503);
  });
  return app;
}
