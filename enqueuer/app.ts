import { OpenAPIHono } from "@hono/zod-openapi";
import { healthRoutes, type Readiness } from "../shared/http/health.ts";
import { Problem } from "../shared/http/problem.ts";
import { bearerAuth } from "./auth.ts";
import { deadLetterRoutes } from "./dead_letters/dead_letter_routes.ts";
import { docsPage } from "./docs_page.ts";
import { addOpenApi } from "./openapi.ts";
import { toProblem } from "./problems.ts";
import { createProxy, type ProxyDeps } from "./proxy.ts";
import { queueRoutes } from "./queues/queue_routes.ts";
import { requestRoutes } from "./requests/request_routes.ts";
import { sendRoutes } from "./send_routes.ts";
import { targetOf } from "./intake/target.ts";

/** What {@link createApp} needs. */
export interface AppDeps extends Omit<ProxyDeps, "ownsAuthorization"> {
  readonly readiness: () => Readiness;
  /** Gets every request that is not for the enqueuer itself. */
  readonly defaultService?: string | undefined;
  /** Keys of which callers have to send one; none means that none is asked for. */
  readonly apiKeys?: readonly string[] | undefined;
  /** Keys for the routes that administrate; without any they are off. */
  readonly adminKeys?: readonly string[] | undefined;
  /** Aborts when the enqueuer is about to stop. */
  readonly stopping: AbortSignal;
}

/** The enqueuer's HTTP interface. Does no I/O by itself. */
export function createApp(deps: AppDeps): OpenAPIHono {
  const { broker, metrics, defaultService, apiKeys = [], adminKeys = [], stopping } = deps;
  const proxy = createProxy({ ...deps, ownsAuthorization: apiKeys.length > 0 });
  const app = new OpenAPIHono();
  app.onError((error) => toProblem(error).toResponse());
  app.route("/health", healthRoutes(deps.readiness));
  app.route("/dead-letters", deadLetterRoutes({ broker, adminKeys, stopping }));
  if (apiKeys.length > 0) app.use(bearerAuth(apiKeys));
  app.get("/metrics", async (c) => {
    c.header("content-type", metrics.registry.contentType);
    return c.body(await metrics.registry.metrics());
  });
  addOpenApi(app);
  app.route("/send", sendRoutes(deps));
  app.route("/requests", requestRoutes(deps));
  app.route("/queues", queueRoutes(deps));
  app.route("/docs", docsPage({ title: "ProxyMQ", openapiUrl: "openapi.json" }));
  app.all("*", (c) => {
    const target = targetOf(c.req.raw.url, defaultService);
    if (target) return proxy(c.req.raw, target);
    throw new Problem("not-found", {
      detail: "there is nothing at this path; requests go to /proxy/{service}/{path}, " +
        "the API is described at /docs",
    });
  });
  return app;
}
