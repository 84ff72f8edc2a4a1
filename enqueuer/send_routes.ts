import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { parseRetryAfter } from "../shared/http/retry_after.ts";
import { newRequestId } from "../shared/message/request_id.ts";
import { ownServiceName } from "../shared/service_name.ts";
import { type AcceptDeps, acceptRequest } from "./requests/accept.ts";
import type { CallbackOf } from "./callbacks/callback_of.ts";
import { partlySentExample, sendExamples, sentExamples } from "./examples.ts";
import { jsonApp } from "./json_app.ts";
import { callbackHeader } from "./callbacks/openapi.ts";
import { checkPriority } from "./intake/priority.ts";
import { problemResponse, problemSchema } from "./problem_schema.ts";
import { toProblem } from "./problems.ts";
import { maxDelayMs } from "./intake/schedule.ts";
import { traceContext } from "./intake/trace_context.ts";

/** What {@link sendRoutes} needs. */
export interface SendDeps extends AcceptDeps {
  /** The largest body, bytes. */
  readonly maxBodyBytes: number;
  /** Reads where a caller wants to be told of the end. */
  readonly callbackOf: CallbackOf;
}

const mostAtOnce = 1_000;
const mostSeconds = maxDelayMs / 1_000;

const delayForm =
  `seconds from 0 to ${mostSeconds}, or an HTTP date such as Sun, 22 Nov 2026 12:00:00 GMT`;
const delay = z.union([
  z.number().min(0, delayForm).max(mostSeconds, delayForm),
  z.string().refine((text) => parseRetryAfter(text, 0) !== undefined, delayForm),
], delayForm);

const item = z.strictObject({
  topic: ownServiceName,
  payload: z.unknown().refine((value) => value !== undefined, "any JSON value").openapi({
    description: "What the microservice gets, as the JSON body of a POST to `/`.",
    example: { url: "https://example.com/" },
  }),
  priority: z.int().min(0).max(9).optional().openapi({
    description:
      "9 is the most urgent, 0 the least and the default. Refused where the broker has no " +
      "priorities (`no-priorities`).",
  }),
  delay: delay.optional().openapi({
    description: "When it is delivered: seconds from now, or an HTTP date.",
    example: 60,
  }),
  ttl: z.number().positive().max(mostSeconds).optional().openapi({
    description: "Seconds after which it is not delivered any more; a delay does not count.",
    example: 3600,
  }),
}).openapi("Send");

type Item = z.infer<typeof item>;

const sent = z.object({
  id: z.string().openapi({ format: "uuid" }),
  status: z.literal("queued"),
}).openapi("Sent");

const results = z.object({
  results: z.array(z.union([
    sent,
    z.object({ status: z.literal("failed"), problem: problemSchema }),
  ])),
}).openapi("SentMany");

const send = createRoute({
  method: "post",
  path: "/",
  operationId: "send",
  tags: ["send"],
  security: [{ ApiKey: [] }, {}],
  summary: "Puts a payload into a service's queue, and does not wait",
  description:
    "One, or an array of up to 1,000. Answers when the broker has confirmed them; what " +
    "becomes of each is at `/requests/{id}`.",
  request: {
    headers: z.object({ "proxymq-callback": callbackHeader }),
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.union([item, z.array(item).min(1).max(mostAtOnce)]),
          examples: sendExamples,
        },
      },
    },
  },
  responses: {
    202: {
      description: "All are in the queue.",
      content: {
        "application/json": { schema: z.union([sent, results]), examples: sentExamples },
      },
    },
    207: {
      description: "Of an array, some are not; each has its own result.",
      content: { "application/json": { schema: results, example: partlySentExample } },
    },
    400: problemResponse(
      "The body is not well-formed, or asks for what the broker does not have; `detail` says what is allowed.",
    ),
    401: problemResponse("An API key is needed."),
    404: problemResponse("There is no such service."),
    413: problemResponse(
      "The body is over `ENQUEUER_MAX_BODY_BYTES`, or over what the broker takes as one message.",
    ),
    503: problemResponse("The broker is down or the queue is full."),
  },
});

/** `POST /send`: fire and forget. */
export function sendRoutes(deps: SendDeps): OpenAPIHono {
  const app = jsonApp(Math.min(deps.maxBodyBytes, deps.broker.capabilities.maxMessageBytes));
  app.openapi(send, async (c) => {
    const body = c.req.valid("json");
    const { headers } = c.req.raw;
    const callback = deps.callbackOf(headers);
    const publish = async (one: Item) => {
      const id = newRequestId();
      try {
        await publishOne(deps, id, one, headers, callback);
        return id;
      } catch (error) {
        // It may be in the queue all the same, under this id.
        throw toProblem(error, id);
      }
    };
    if (!Array.isArray(body)) {
      return c.json({ id: await publish(body), status: "queued" as const }, 202);
    }
    const published = await Promise.allSettled(body.map(publish));
    const all = published.map((result) =>
      result.status === "fulfilled"
        ? { id: result.value, status: "queued" as const }
        : { status: "failed" as const, problem: toProblem(result.reason).toDocument() }
    );
    const complete = published.every(({ status }) => status === "fulfilled");
    return c.json({ results: all }, complete ? 202 : 207);
  });
  return app;
}

/** Publishes one. Resolves when it is confirmed. */
async function publishOne(
  deps: SendDeps,
  id: string,
  one: Item,
  headers: Headers,
  callback: string | undefined,
): Promise<void> {
  const { topic, payload, priority, delay = 0, ttl } = one;
  checkPriority(deps.broker, priority);
  const now = Date.now();
  const delayMs = typeof delay === "number" ? delay * 1_000 : parseRetryAfter(delay, now) ?? 0;
  await acceptRequest(deps, {
    id,
    service: topic,
    ...(delayMs > 0 ? { dueAt: now + delayMs } : {}),
    ...(ttl === undefined ? {} : { deadline: now + delayMs + ttl * 1_000 }),
  }, {
    id,
    method: "POST",
    path: "/",
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(payload)),
    takesSpool: true,
    ...(priority === undefined ? {} : { priority }),
    ...(callback === undefined ? {} : { callback }),
    ...traceContext(headers, id),
  }, delayMs);
}
