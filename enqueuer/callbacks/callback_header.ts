import { z } from "@hono/zod-openapi";

/** The `ProxyMQ-Callback` header, as the OpenAPI document describes it. */
export const callbackHeader = z.string().optional().openapi({
  description: "A URL that gets a signed POST (Standard Webhooks) when the request has come to " +
    "its end. Only hosts that `ENQUEUER_CALLBACK_ALLOW` lists.",
  example: "https://example.com/hooks/proxymq",
});
