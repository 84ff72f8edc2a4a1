import { z } from "@hono/zod-openapi";

/** The form of a service's name: what is safe in a URL, a queue name and a routing key alike. */
export const serviceNamePattern: RegExp = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * The form of a name that a service may have which is not ProxyMQ's own: those that start with
 * `proxymq-` are reserved.
 */
export const ownServiceNamePattern: RegExp = /^(?!proxymq-)[a-z0-9][a-z0-9._-]{0,62}$/;

/** What {@link ownServiceNamePattern} allows, in words. */
export const ownServiceNameForm = "1 to 63 characters of a-z 0-9 . _ - that start with a letter " +
  "or digit, and not with proxymq-, which is reserved";

/** A service's name, as it stands in a URL and in the name of its queue. */
export const serviceName = z.string().regex(
  serviceNamePattern,
  "a service name has 1 to 63 characters of a-z 0-9 . _ - and starts with a letter or digit",
).openapi({ example: "url-fetcher" });

/** The name of a service that requests can be sent to: any but the reserved ones. */
export const ownServiceName = z.string().regex(
  ownServiceNamePattern,
  `a service name has ${ownServiceNameForm}`,
).openapi({ example: "url-fetcher" });

/** The reserved service whose requests are callbacks to be delivered. */
export const callbackService = "proxymq-callbacks";

/** The reserved service whose requests are notes of spools that are to be looked after. */
export const spoolService = "proxymq-spools";

/** The queue that a service's requests wait in. */
export function requestQueue(service: string): string {
  return `${service}_requests`;
}

/** The queue that a service's dead letters stand in. */
export function deadLetterQueue(service: string): string {
  return `${service}_dlq`;
}

/** The broadcast that a service's dequeuers hear of cancelled requests by. */
export function cancelBroadcast(service: string): string {
  return `cancel.${service}`;
}
