import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Broker, QueueStats } from "../../shared/broker/broker.ts";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import type { ResultStore } from "../../shared/results/result_store.ts";
import { requestQueue, serviceName } from "../../shared/service_name.ts";
import { queueExample } from "../examples.ts";
import { jsonApp } from "../json_app.ts";
import type { KnownServices } from "./known_services.ts";
import { problemResponse } from "../problem_schema.ts";
import { queueSchema, toQueueDocument } from "./queue_document.ts";

/** What {@link queueRoutes} needs. */
export interface QueueDeps {
  readonly broker: Broker;
  readonly results: ResultStore;
  readonly services: KnownServices;
}

/** RabbitMQ is asked by channels, of which a connection has no great number. */
const askedAtOnce = 16;

const tags = ["queues"];
const security = [{ ApiKey: [] }, {}];
const problems = {
  401: problemResponse("An API key is needed."),
  503: problemResponse("The broker is down."),
};

const list = createRoute({
  method: "get",
  path: "/",
  operationId: "listQueues",
  tags,
  security,
  summary: "The queues of the services that this enqueuer knows",
  description: "Of those that `ENQUEUER_SERVICES` and `ENQUEUER_DEFAULT_SERVICE` name, and of up " +
    "to 1,000 others that it has published to since it started; a service without a queue is left " +
    "out. What a broker cannot say is left out.",
  responses: {
    200: {
      description: "Their state just now, by the services' names.",
      content: {
        "application/json": {
          schema: z.object({ items: z.array(queueSchema) }),
          example: { items: [queueExample] },
        },
      },
    },
    ...problems,
  },
});

const show = createRoute({
  method: "get",
  path: "/{service}",
  operationId: "getQueue",
  tags,
  security,
  summary: "The queue of a service",
  description: "Of any service that has one. What a broker cannot say is left out.",
  request: { params: z.object({ service: serviceName }) },
  responses: {
    200: {
      description: "Its state just now.",
      content: { "application/json": { schema: queueSchema, example: queueExample } },
    },
    400: problemResponse("The service's name is none."),
    404: problemResponse("There is no such service; no queue is made."),
    ...problems,
  },
});

/** The routes below `/queues`, with what describes them in the OpenAPI document. */
export function queueRoutes({ broker, results, services }: QueueDeps): OpenAPIHono {
  const app = jsonApp(0);
  const delayedIn = async (stats: readonly QueueStats[]) =>
    stats.every(({ delayed }) => delayed !== undefined)
      ? new Map<string, number>()
      : await results.delayed();

  app.openapi(list, async (c) => {
    const found = await statsOf(broker, services.names);
    const delayed = await delayedIn([...found.values()]);
    const items = [...found].map(([service, stats]) =>
      toQueueDocument(service, stats, delayed.get(service) ?? 0)
    );
    return c.json({ items }, 200, noStore);
  });

  app.openapi(show, async (c) => {
    const { service } = c.req.valid("param");
    const stats = await broker.stats(requestQueue(service));
    const delayed = await delayedIn([stats]);
    return c.json(toQueueDocument(service, stats, delayed.get(service) ?? 0), 200, noStore);
  });
  return app;
}

const noStore = { "cache-control": "no-store" };

/** The state of those services' queues that there are. */
async function statsOf(
  broker: Broker,
  services: readonly string[],
): Promise<Map<string, QueueStats>> {
  const found = new Map<string, QueueStats>();
  for (let at = 0; at < services.length; at += askedAtOnce) {
    const some = services.slice(at, at + askedAtOnce);
    const stats = await Promise.all(some.map((service) => statsIfAny(broker, service)));
    for (const [i, service] of some.entries()) if (stats[i]) found.set(service, stats[i]);
  }
  return found;
}

async function statsIfAny(broker: Broker, service: string): Promise<QueueStats | undefined> {
  try {
    return await broker.stats(requestQueue(service));
  } catch (error) {
    if (error instanceof QueueNotFoundError) return undefined;
    throw error;
  }
}
