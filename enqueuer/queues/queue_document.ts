import { z } from "@hono/zod-openapi";
import type { QueueStats } from "../../shared/broker/broker.ts";

const count = z.int().min(0);

/** The state of a service's queue, as JSON. */
export const queueSchema = z.object({
  service: z.string().openapi({ example: "url-fetcher" }),
  ready: count.openapi({ description: "Requests that wait for a dequeuer." }),
  in_flight: count.optional().openapi({
    description: "Requests that dequeuers have. RabbitMQ does not tell it by AMQP: left out there.",
  }),
  delayed: count.openapi({
    description:
      "Requests that wait for their time: for their delivery, or for the next attempt. " +
      "On RabbitMQ those are counted that are known at `/requests/{id}`, and not those of callers " +
      "who wait for the response.",
  }),
  dead: count.openapi({ description: "Its dead letters." }),
  oldest_age_ms: count.optional().openapi({
    description: "For how long the oldest of the ready requests waits, milliseconds. Left out " +
      "where none is ready, and on RabbitMQ, which does not tell it by AMQP.",
  }),
  consumers: count.openapi({ description: "Dequeuers that consume it just now." }),
}).openapi("Queue");

/** The state of a service's queue, as JSON. */
export type QueueDocument = z.infer<typeof queueSchema>;

/** @param delayedElsewhere how many wait for their time by the result store: where the broker does not say. */
export function toQueueDocument(
  service: string,
  { ready, inFlight, delayed, dead, oldestAgeMs, consumers }: QueueStats,
  delayedElsewhere: number,
): QueueDocument {
  return {
    service,
    ready,
    ...(inFlight === undefined ? {} : { in_flight: inFlight }),
    delayed: delayed ?? delayedElsewhere,
    dead,
    ...(oldestAgeMs === undefined ? {} : { oldest_age_ms: Math.round(oldestAgeMs) }),
    consumers,
  };
}
