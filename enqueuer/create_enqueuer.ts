import { configOf } from "../shared/config/option.ts";
import { withTimeout } from "../shared/waiting.ts";
import { manual } from "./config.ts";
import { startEnqueuer } from "./enqueuer.ts";
import type { EnqueuerOptions } from "./options.ts";

/** An enqueuer that runs in this process. Disposing of it closes it. */
export interface EnqueuerHandle extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Resolves when it first is ready for requests; until then they are answered with 503. */
  readonly ready: Promise<void>;
  /**
   * Stops accepting, waits for the requests in flight, and closes.
   * @param options `signal`, when it aborts, ends the waiting. @default after `drainTimeout`
   */
  close(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/**
 * Starts an enqueuer in this process: it listens at once, and is ready when the broker is. It logs
 * by LogTape (`@logtape/logtape`) as `proxymq`, so nothing unless the program configures that; reads
 * no environment variable, and listens for no signal.
 *
 * @throws {ConfigError} an option is not allowed.
 * @throws {BrokerUrlError} the driver cannot read `brokerUrl` or `resultsUrl`.
 * @throws {Error} it cannot listen.
 *
 * @example An enqueuer, and a dequeuer that calls a microservice
 * ```ts
 * import assert from "node:assert/strict";
 * import { createServer } from "node:http";
 * import type { AddressInfo } from "node:net";
 * import { createDequeuer, createEnqueuer } from "proxymq";
 *
 * const microservice = createServer((_, response) => response.end("hello")).listen(0);
 * const { port } = microservice.address() as AddressInfo;
 *
 * const broker = { brokerUrl: "memory:example" };
 * const enqueuer = await createEnqueuer({ ...broker, port: 0 });
 * const dequeuer = await createDequeuer({
 *   ...broker,
 *   port: 0,
 *   service: "greeter",
 *   targetUrl: `http://127.0.0.1:${port}`,
 * });
 * await Promise.all([enqueuer.ready, dequeuer.ready]);
 *
 * const response = await fetch(`${enqueuer.url}/proxy/greeter/`);
 * assert.equal(await response.text(), "hello");
 *
 * await enqueuer.close();
 * await dequeuer.close();
 * microservice.close();
 * ```
 */
export async function createEnqueuer(options: EnqueuerOptions = {}): Promise<EnqueuerHandle> {
  const config = configOf(manual.variables, options);
  const { server, ready, close } = await startEnqueuer(config);
  let closed: Promise<void> | undefined;
  const closeOnce = (signal?: AbortSignal) =>
    closed ??= signal ? close(signal) : withTimeout(config.ENQUEUER_DRAIN_TIMEOUT, close);
  return {
    url: server.url,
    ready,
    close: ({ signal } = {}) => closeOnce(signal),
    [Symbol.asyncDispose]: () => closeOnce(),
  };
}
