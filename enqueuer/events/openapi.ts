import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { topicForm } from "../../shared/topic.ts";
import {
  batchEventExample,
  exampleTopic,
  optional,
  publishedExamples,
  structuredEventExample,
} from "../examples.ts";
import { problemResponse } from "../problem_schema.ts";
import { mostAtOnce } from "./read_events.ts";

const published = z.object({
  id: z.string().openapi({ format: "uuid" }),
  topic: z.string(),
  bound: z.boolean().optional().openapi({
    description: "Whether a service is bound to the topic. If none is, the event is gone. Left " +
      "out for a delayed event: it goes to whoever is bound by then.",
  }),
}).openapi("Published");

const batch = z.object({ results: z.array(published) }).openapi("PublishedBatch");

const headers = z.object({
  "ce-specversion": z.string().optional().openapi({
    description:
      "A CloudEvent in binary mode, with `ce-id`, `ce-source`, `ce-type`, and whatever " +
      "else, such as `ce-time` or `ce-subject`; the body is its data.",
  }),
  "proxymq-delay": z.string().optional().openapi({
    description: "When it is delivered: seconds from now, or an HTTP date.",
    ...optional({ "1": "in a second" }),
  }),
  "proxymq-priority": z.string().optional().openapi({
    description: "0 to 9, 9 the most urgent, 0 the default. Refused where the broker has no " +
      "priorities (`no-priorities`).",
    ...optional({ "0": "as without", "9": "before all others, where the broker has priorities" }),
  }),
});

/** Describes `POST /publish/{topic}`. */
export function addPublishOpenApi(app: OpenAPIHono): void {
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/{topic}",
    operationId: "publish",
    tags: ["events"],
    security: [{ ApiKey: [] }, {}],
    summary: "Publishes an event to every service that is bound to the topic",
    description:
      "Each service gets a copy of its own, as a POST to `DEQUEUER_EVENTS_PATH`, by one of its " +
      "instances. CloudEvents 1.0 are passed on as they are; anything else becomes the data of " +
      "one. Answers when the broker has confirmed it. There is no response to an event. An " +
      "`Idempotency-Key` goes to each service with it: it is for them to know an event again.",
    request: {
      params: z.object({
        topic: z.string().openapi({
          description: `${topicForm}.`,
          param: { examples: { paid: { summary: "An order is paid", value: exampleTopic } } },
        }),
      }),
      headers,
      body: {
        content: {
          "application/json": { schema: {}, example: { order_id: "7", amount: 12.5 } },
          "application/cloudevents+json": { schema: {}, example: structuredEventExample },
          "application/cloudevents-batch+json": { schema: {}, example: batchEventExample },
          "*/*": { schema: { type: "string", format: "binary" } },
        },
      },
    },
    responses: {
      202: {
        description: `It is in the queue of each of them. Of a batch of up to ${mostAtOnce}, all ` +
          "are, each with an id of its own.",
        content: {
          "application/json": {
            schema: z.union([published, batch]),
            examples: publishedExamples,
          },
        },
      },
      400: problemResponse(
        "The topic or the CloudEvent is not well-formed, or asks for what the broker does not have; `detail` says what is allowed.",
      ),
      401: problemResponse("An API key is needed."),
      413: problemResponse(
        "The body is over `ENQUEUER_MAX_BODY_BYTES`, or over what the broker takes as one message.",
      ),
      415: problemResponse("The CloudEvent is in a format other than JSON."),
      503: problemResponse(
        "The broker is down or a queue is full: the event may be in some of the queues.",
      ),
    },
  });
}
