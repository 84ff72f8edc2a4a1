import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { ownServiceName } from "../shared/service_name.ts";
import { version } from "../shared/version.ts";
import { callbackHeader, callbackWebhook } from "./callbacks/openapi.ts";
import { optional, proxyBody, requestExamples } from "./examples.ts";
import { problemResponse } from "./problem_schema.ts";
import { requestSchema } from "./requests/request_document.ts";

const readiness = z.object({
  status: z.enum(["ready", "not ready"]),
  checks: z.record(z.string(), z.string()),
}).openapi("Readiness");

const methods = ["get", "head", "post", "put", "patch", "delete", "options"] as const;

const withBody: ReadonlySet<string> = new Set(["post", "put", "patch"]);

const paramsOf = (method: string) =>
  z.object({
    service: ownServiceName,
    path: z.string().openapi({
      description: "Everything after it, as the microservice sees it.",
      example: method === "get" || method === "head" ? "health" : "fetch",
    }),
  });

const headers = z.object({
  prefer: z.string().optional().openapi({
    description: "`wait=10`: wait 10 seconds for the response. `respond-async`: 202 at once, or, " +
      "with `wait`, after that time; the response is then at `/requests/{id}/response` (RFC 7240).",
    ...optional({
      "wait=10": "10 seconds for the response, then 504",
      "respond-async": "202 at once, and the response later",
      "respond-async, wait=10": "10 seconds for the response, then 202",
    }),
  }),
  "idempotency-key": z.string().optional().openapi({
    description: "Of several requests with one key, one is run, and all get its response, for " +
      "`ENQUEUER_RESULT_TTL` (draft-ietf-httpapi-idempotency-key-header).",
    ...optional({ '"8e03978e-40d5-43dd-bc93-6894a57f9324"': "the same response again" }),
  }),
  "proxymq-delay": z.string().optional().openapi({
    description: "When it is delivered: seconds from now, or an HTTP date; before the deadline.",
    ...optional({ "1": "in a second" }),
  }),
  "proxymq-priority": z.string().optional().openapi({
    description: "0 to 9, 9 the most urgent, 0 the default. Refused where the broker has no " +
      "priorities (`no-priorities`).",
    ...optional({ "0": "as without", "9": "before all others, where the broker has priorities" }),
  }),
  "proxymq-callback": callbackHeader,
  "grpc-timeout": z.string().optional().openapi({
    description: "`500m`: wait 500 milliseconds; up to 8 digits and a unit of H M S m u n.",
    ...optional({ "10S": "10 seconds" }),
  }),
});

const body = {
  content: {
    "application/json": { schema: {}, example: proxyBody },
    "*/*": { schema: { type: "string", format: "binary" } },
  },
} as const;

const problems: Readonly<Record<number, string>> = {
  400:
    "The service's name, `Prefer` or `grpc-timeout` is not well-formed, `ProxyMQ-Callback` is not allowed, the headers are too large, or the broker has no priorities.",
  401: "An API key is needed.",
  404: "There is no such service; no queue is made.",
  409: "The request with this `Idempotency-Key` is still running.",
  413: "The body is over `ENQUEUER_MAX_BODY_BYTES`.",
  422: "The `Idempotency-Key` was used for another request.",
  502: "The microservice could not be reached, or answered what cannot be passed on.",
  503: "The broker is down or the queue is full; `Retry-After` says when to try again.",
  504: "No response came by the deadline.",
};

/** Describes the enqueuer's routes at `/openapi.json`, OpenAPI 3.1. */
export function addOpenApi(app: OpenAPIHono): void {
  const { registerPath } = {
    registerPath: app.openAPIRegistry.registerPath.bind(app.openAPIRegistry),
  };
  app.openAPIRegistry.registerComponent("securitySchemes", "ApiKey", {
    type: "http",
    scheme: "bearer",
    description: "One of ENQUEUER_API_KEYS; not needed while none is set.",
  });
  for (const method of methods) {
    registerPath({
      method,
      path: "/proxy/{service}/{path}",
      operationId: `${method}Proxy`,
      tags: ["proxy"],
      summary: `${method.toUpperCase()} through the service's queue`,
      description:
        "Waits in the queue `{service}_requests` for the microservice, and returns its " +
        "status, headers and body as they are.",
      security: [{ ApiKey: [] }, {}],
      request: {
        params: paramsOf(method),
        headers,
        ...(withBody.has(method) ? { body } : {}),
      },
      responses: {
        default: { description: "The microservice's own response." },
        202: {
          description: "With `Prefer: respond-async`: the request stands in its queue.",
          headers: z.object({
            location: z.string().openapi({ description: "Where its state is." }),
          }),
          content: {
            "application/json": { schema: requestSchema, example: requestExamples.queued.value },
          },
        },
        ...Object.fromEntries(
          Object.entries(problems).map(([status, description]) => [
            status,
            problemResponse(description),
          ]),
        ),
      },
    });
  }
  registerPath({
    method: "get",
    path: "/health/live",
    tags: ["operations"],
    summary: "Whether the process runs",
    responses: { 200: { description: "It does." } },
  });
  const readinessContent = { content: { "application/json": { schema: readiness } } };
  registerPath({
    method: "get",
    path: "/health/ready",
    tags: ["operations"],
    summary: "Whether requests get through",
    responses: {
      200: { description: "They do.", ...readinessContent },
      503: { description: "They do not; `checks` says why.", ...readinessContent },
    },
  });
  registerPath({
    method: "get",
    path: "/metrics",
    tags: ["operations"],
    summary: "Metrics for Prometheus",
    security: [{ ApiKey: [] }, {}],
    responses: { 200: { description: "Prometheus text format.", content: { "text/plain": {} } } },
  });
  app.openAPIRegistry.registerWebhook(callbackWebhook);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "ProxyMQ enqueuer",
      version,
      description: "A durable queue in front of any HTTP service.",
    },
    tags: [
      { name: "proxy" },
      { name: "requests" },
      { name: "send" },
      { name: "events" },
      { name: "queues" },
      { name: "callbacks" },
      { name: "dead letters" },
      { name: "operations" },
    ],
  });
}
