/**
 * Redis and Valkey: `redis://user:password@host:6379/0`, `rediss://` over TLS. The layout of the
 * keys is in docs/protocol.md.
 *
 * @module
 */
import type { Broker, BrokerOptions } from "../broker.ts";
import { RedisBroker } from "./handle.ts";
import { parseUrl } from "./url.ts";

/**
 * Opens Redis. The handle comes back at once and connects in the background.
 *
 * @param url `redis://` or `rediss://`, with the parameter `lease` (seconds; default 15): for how
 * long a client that is not heard of keeps what it holds.
 * @throws {BrokerUrlError} the URL cannot be read.
 */
export function open(url: string, options: BrokerOptions): Promise<Broker> {
  return new Promise((resolve) => resolve(new RedisBroker(parseUrl(url), options)));
}
