import { loadedAsInBrowser } from "../runtime.ts";
import type { Broker, BrokerOptions } from "./broker.ts";
import { BrokerUrlError } from "./errors.ts";

/** What a driver's module exports. */
interface Driver {
  open(url: string, options: BrokerOptions): Promise<Broker>;
}

const rabbitmq = () => import("./rabbitmq/driver.ts");
const redis = () => import("./redis/driver.ts");
const drivers: Readonly<Record<string, () => Promise<Driver>>> = {
  "amqp:": rabbitmq,
  "amqps:": rabbitmq,
  "ws:": rabbitmq,
  "wss:": rabbitmq,
  "redis:": redis,
  "rediss:": redis,
  "kafka:": () => loadedAsInBrowser(() => import("./kafka/driver.ts")),
  "sqlite:": () => import("./sqlite/driver.ts"),
  "memory:": () => import("./memory/driver.ts"),
};

/** The schemes of the URLs that {@link openBroker} takes, each with its colon. */
export const brokerSchemes: readonly string[] = Object.keys(drivers);

/**
 * Opens the broker that a URL names. Only the driver of its scheme is loaded. The handle comes
 * back at once, connected or not: see {@link Broker.status}.
 *
 * @throws {BrokerUrlError} the URL has no scheme of {@link brokerSchemes}, or its driver cannot read it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openBroker } from "proxymq";
 *
 * await using broker = await openBroker("memory:open", { name: "example" });
 * await broker.declare({ kind: "work", name: "jobs_requests", deadLetterQueue: "jobs_dlq" });
 * const body = new TextEncoder().encode("a job");
 * await broker.publish({ queue: "jobs_requests" }, [{ body, headers: {} }]);
 *
 * const stop = new AbortController();
 * for await (
 *   const delivery of broker.consume("jobs_requests", { prefetch: 1, signal: stop.signal })
 * ) {
 *   assert.equal(new TextDecoder().decode(delivery.message.body), "a job");
 *   await broker.settle([{ kind: "ack", delivery }]);
 *   stop.abort();
 * }
 * ```
 */
export async function openBroker(url: string, options: BrokerOptions): Promise<Broker> {
  return (await loadDriver(url)).open(url, options);
}

/**
 * Loads the driver that a URL needs, so that nothing is read from the disk when it is opened.
 * @throws {BrokerUrlError} as {@link openBroker}.
 */
export async function loadDriver(url: string): Promise<Driver> {
  const scheme = /^[a-z]+:/.exec(url)?.[0] ?? "";
  const load = drivers[scheme];
  if (!load) {
    throw new BrokerUrlError(
      `a broker URL starts with one of ${brokerSchemes.join(" ")}, this one with "${scheme}"`,
    );
  }
  return await load();
}
