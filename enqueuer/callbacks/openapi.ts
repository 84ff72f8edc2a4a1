import { type RouteConfig, z } from "@hono/zod-openapi";
import { serviceName } from "../../shared/service_name.ts";

/** The `ProxyMQ-Callback` header. Without an example, which the docs page would send. */
export const callbackHeader = z.string().optional().openapi({
  description: "A URL that gets a signed POST (Standard Webhooks) when the request has come to " +
    "its end: `https://example.com/hook`. Only hosts that `ENQUEUER_CALLBACK_ALLOW` lists.",
});

const states = ["succeeded", "failed", "dead", "cancelled"] as const;

/** What is posted. */
export const callbackPayload = z.strictObject({
  type: z.enum(states.map((state) => `request.${state}` as const)),
  timestamp: z.iso.datetime().openapi({ description: "When the request came to its end." }),
  data: z.strictObject({
    id: z.string().openapi({ description: "The request's id." }),
    service: serviceName,
    state: z.enum(states),
    status: z.int().min(200).max(599).optional().openapi({ description: "The response's." }),
    headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional().openapi({
      description: "The response's headers; repeated ones as arrays.",
    }),
    body: z.json().optional().openapi({
      type: ["object", "array", "string", "number", "boolean", "null"],
      description: "The response's body: JSON as it is, text as a string, else base64.",
    }),
    encoding: z.literal("base64").optional().openapi({ description: "If `body` is that." }),
    size: z.int().optional().openapi({
      description: "Of a response too large to be here, in place of `body`: its bytes.",
    }),
    links: z.strictObject({ response: z.string() }).optional().openapi({
      description: "And where it is, at the enqueuer, for `ENQUEUER_RESULT_TTL`.",
    }),
  }),
}).openapi("Callback");

const webhookHeaders = z.object({
  "webhook-id": z.string().openapi({ description: "The same when a callback comes twice." }),
  "webhook-timestamp": z.string().openapi({ description: "Of this attempt, epoch seconds." }),
  "webhook-signature": z.string().openapi({
    description: "`v1,` and an HMAC-SHA256 in base64, one for each secret with spaces between.",
  }),
});

/** The callback, as the OpenAPI document describes it. */
export const callbackWebhook: RouteConfig = {
  method: "post",
  path: "callback",
  operationId: "callback",
  tags: ["callbacks"],
  summary: "What ProxyMQ posts to the URL of `ProxyMQ-Callback`",
  description: "Signed as Standard Webhooks says.",
  request: {
    headers: webhookHeaders,
    body: { required: true, content: { "application/json": { schema: callbackPayload } } },
  },
  responses: {
    "2XX": { description: "It is taken." },
    410: { description: "It is a dead letter at once." },
    default: { description: "It comes again, no sooner than `Retry-After` asks." },
  },
};
