import { OpenAPIHono } from "@hono/zod-openapi";
import type { Broker, Message } from "../../shared/broker/broker.ts";
import { requestHeaders } from "../../shared/http/headers.ts";
import { Problem } from "../../shared/http/problem.ts";
import { encodeRequest } from "../../shared/message/envelope.ts";
import { newRequestId } from "../../shared/message/request_id.ts";
import { isTopic, topicForm } from "../../shared/topic.ts";
import { readWhole } from "../intake/body.ts";
import { checkHeaderSize } from "../intake/header_size.ts";
import { checkPriority } from "../intake/priority.ts";
import { scheduleOf } from "../intake/schedule.ts";
import { traceContext } from "../intake/trace_context.ts";
import { wireOf } from "../intake/wire.ts";
import type { EnqueuerMetrics } from "../metrics.ts";
import { toProblem } from "../problems.ts";
import { addPublishOpenApi } from "./openapi.ts";
import { type Event, readEvents } from "./read_events.ts";

/** What {@link publishRoutes} needs. */
export interface PublishDeps {
  readonly broker: Broker;
  /** The largest body, bytes. */
  readonly maxBodyBytes: number;
  /** Whether `Authorization` is for the enqueuer itself, and so is not passed on. */
  readonly ownsAuthorization: boolean;
  readonly metrics: Pick<EnqueuerMetrics, "published">;
}

/** What a publisher is told of an event. */
export interface PublishedDocument {
  readonly id: string;
  readonly topic: string;
  /** Whether a service is bound to the topic; left out for a delayed event, which time will tell. */
  readonly bound?: boolean;
}

/** The path that an event has where its receiver has no other wish. */
const eventPath = "/events";

/** `POST /publish/{topic}`: an event for every service that is bound to the topic. */
export function publishRoutes(deps: PublishDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  addPublishOpenApi(app);
  app.post("/:topic", async (c) => {
    const id = newRequestId();
    try {
      const published = await publish(
        deps,
        id,
        c.req.param("topic"),
        c.req.raw,
        wireOf(c.env)?.rawHeaders,
      );
      return c.json(published, 202);
    } catch (error) {
      return toProblem(error, id).toResponse();
    }
  });
  return app;
}

async function publish(
  { broker, maxBodyBytes, ownsAuthorization, metrics }: PublishDeps,
  id: string,
  topic: string,
  request: Request,
  rawHeaders: readonly string[] = [...request.headers].flat(),
): Promise<PublishedDocument | { results: PublishedDocument[] }> {
  checkTopic(topic);
  const { headers } = request;
  refuseCallback(headers);
  const now = Date.now();
  const { delayMs, priority } = scheduleOf(headers, now);
  checkPriority(broker, priority);
  const passed = requestHeaders(rawHeaders);
  delete passed["prefer"];
  if (ownsAuthorization) delete passed["authorization"];
  checkHeaderSize(topic, passed);
  const { maxMessageBytes } = broker.capabilities;
  const body = await readWhole(request, Math.min(maxBodyBytes, maxMessageBytes));
  const read = readEvents({ topic, headers, passed, body, id, now });
  const events = "one" in read ? [read.one] : read.many;
  const messages = events.map((event: Event) =>
    encodeRequest({
      ...event,
      method: "POST",
      path: eventPath,
      topic,
      ...(priority === undefined ? {} : { priority }),
      ...traceContext(headers, event.id),
    }, now)
  );
  const unbound = new Set<string | undefined>();
  await broker.publish({ topic }, messages, {
    delayMs,
    onUnroutable: ({ messageId }: Message) => unbound.add(messageId),
  });
  metrics.published(events.length, unbound.size);
  const documents = events.map((event) => ({
    id: event.id,
    topic,
    ...(delayMs > 0 ? {} : { bound: !unbound.has(event.id) }),
  }));
  const [first] = documents;
  return "one" in read && first ? first : { results: documents };
}

function checkTopic(topic: string): void {
  if (isTopic(topic)) return;
  throw new Problem("bad-request", {
    detail: `${JSON.stringify(topic)} is no topic; allowed are ${topicForm}`,
  });
}

function refuseCallback(headers: Headers): void {
  if (!headers.has("proxymq-callback")) return;
  throw new Problem("bad-request", {
    detail: "an event cannot have a ProxyMQ-Callback: it comes to an end at each service by itself",
  });
}
