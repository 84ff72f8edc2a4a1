import { configOf } from "../shared/config/option.ts";
import { withTimeout } from "../shared/waiting.ts";
import { manual } from "./config.ts";
import { startDequeuer } from "./dequeuer.ts";
import type { DequeuerOptions } from "./options.ts";

/** A dequeuer that runs in this process. Disposing of it closes it. */
export interface DequeuerHandle extends AsyncDisposable {
  /** Where its health and metrics are: `http://127.0.0.1:8081`. */
  readonly url: string;
  /** Resolves when it first consumes. */
  readonly ready: Promise<void>;
  /** Resolves when it is closed; rejects when it cannot go on. */
  readonly done: Promise<void>;
  /**
   * Stops consuming, waits for what is in flight, gives the rest back to the queue, and closes.
   * @param options `signal`, when it aborts, ends the waiting. @default after `drainTimeout`
   */
  close(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/**
 * Starts a dequeuer in this process: health and metrics answer at once, and it consumes when the
 * broker is there. It logs by LogTape (`@logtape/logtape`) as `proxymq`, so nothing unless the
 * program configures that; reads no environment variable, and listens for no signal.
 *
 * @throws {ConfigError} an option is not allowed.
 * @throws {BrokerUrlError} the driver cannot read `brokerUrl` or `resultsUrl`.
 * @throws {Error} it cannot listen.
 *
 * @example
 * ```ts
 * import { createDequeuer } from "proxymq";
 *
 * const dequeuer = await createDequeuer({
 *   brokerUrl: "memory:",
 *   port: 0,
 *   service: "thumbnails",
 *   targetUrl: "http://127.0.0.1:3000",
 *   concurrency: 4,
 *   timeout: "2m",
 * });
 * await dequeuer.ready;
 * await dequeuer.close();
 * ```
 */
export async function createDequeuer(options: DequeuerOptions): Promise<DequeuerHandle> {
  const config = configOf(manual.variables, options);
  const { server, ready, done, close } = await startDequeuer(config);
  let closed: Promise<void> | undefined;
  const closeOnce = (signal?: AbortSignal) =>
    closed ??= signal ? close(signal) : withTimeout(config.DEQUEUER_DRAIN_TIMEOUT, close);
  return {
    url: server.url,
    ready,
    done,
    close: ({ signal } = {}) => closeOnce(signal),
    [Symbol.asyncDispose]: () => closeOnce(),
  };
}
