import { OpenAPIHono } from "@hono/zod-openapi";
import { getPath } from "hono/utils/url";
import { healthRoutes, type Readiness } from "../shared/http/health.ts";
import { Problem } from "../shared/http/problem.ts";
import { bearerAuth } from "./auth.ts";
import { deadLetterRoutes } from "./dead_letters/dead_letter_routes.ts";
import { docsPage } from "./docs_page.ts";
import { publishRoutes } from "./events/publish_routes.ts";
import { addOpenApi } from "./openapi.ts";
import { toProblem } from "./problems.ts";
import { createProxy, type ProxyDeps } from "./proxy.ts";
import { queueRoutes } from "./queues/queue_routes.ts";
import { requestRoutes } from "./requests/request_routes.ts";
import { sendRoutes } from "./send_routes.ts";
import { pathOf, targetOf } from "./intake/target.ts";
import { wireOf } from "./intake/wire.ts";

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
  const ownsAuthorization = apiKeys.length > 0;
  const proxy = createProxy({ ...deps, ownsAuthorization });
  const app = new OpenAPIHono({
    // What is routed is what is passed on: `/proxy/a/../../docs` is a path of the service `a`.
    getPath: (request, options) => routedPath(wireOf(options?.env)?.url ?? request.url),
  });
  app.onError((error) => toProblem(error).toResponse());
  app.route("/health", healthRoutes(deps.readiness));
  app.route("/dead-letters", deadLetterRoutes({ broker, adminKeys, stopping }));
  if (ownsAuthorization) app.use(bearerAuth(apiKeys));
  app.get("/metrics", async (c) => {
    c.header("content-type", metrics.registry.contentType);
    return c.body(await metrics.registry.metrics());
  });
  addOpenApi(app);
  app.route("/send", sendRoutes(deps));
  app.route("/publish", publishRoutes({ ...deps, ownsAuthorization }));
  app.route("/requests", requestRoutes(deps));
  app.route("/queues", queueRoutes(deps));
  app.route("/docs", docsPage({ title: "ProxyMQ", openapiUrl: "openapi.json" }));
  app.all("*", (c) => {
    const wire = wireOf(c.env);
    const target = targetOf(wire?.url ?? c.req.raw.url, defaultService);
    if (target) return proxy(c.req.raw, target, wire?.rawHeaders);
    throw new Problem("not-found", {
      detail: "there is nothing at this path; requests go to /proxy/{service}/{path}, " +
        "the API is described at /docs",
    });
  });
  return app;
}

/** The path of a URL for the router, decoded as it does, but not normalized. */
function routedPath(url: string): string {
  return getPath({ url: `http://localhost${pathOf(url)}` } as Request);
}
