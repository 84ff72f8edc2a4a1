import { Buffer } from "node:buffer";
import type { Broker, Message, QueueSpec } from "../shared/broker/broker.ts";
import { BrokerUnavailableError, MessageTooLargeError } from "../shared/broker/errors.ts";
import { offer } from "../shared/broker/offer.ts";
import { publishDeclaring } from "../shared/broker/publish_declaring.ts";
import { replaysOf } from "../shared/dead_letters/replayed.ts";
import { type Callback, encodeCallback } from "../shared/message/callback.ts";
import type { QueuedRequest, QueuedResponse } from "../shared/message/envelope.ts";
import { callbackService, deadLetterQueue, requestQueue } from "../shared/service_name.ts";
import { callbackFor } from "./callback.ts";
import { type Outcome, problemResponse } from "./outcome.ts";
import type { ReadSpooled } from "./spools/request_body.ts";

const work: QueueSpec = {
  kind: "work",
  name: requestQueue(callbackService),
  deadLetterQueue: deadLetterQueue(callbackService),
};

/** The largest body that goes with a callback though it is in a spool, bytes. */
const mostInline = 2 ** 20;
/** For how long a callback is offered to a broker that does not take it, milliseconds. */
const patienceMs = 60_000;

/** Publishes the callbacks of requests that have ended, for an enqueuer to deliver. */
export class CallbackPublisher implements Disposable {
  readonly #broker: Broker;
  readonly #service: string;
  readonly #readSpooled: ReadSpooled;
  readonly #stop = new AbortController();

  /**
   * @param service the one whose requests end here.
   * @param readSpooled reads the responses that are in spools.
   */
  constructor(broker: Broker, service: string, readSpooled: ReadSpooled) {
    this.#broker = broker;
    this.#readSpooled = readSpooled;
    this.#service = service;
  }

  /**
   * Publishes the callback that a request's end makes, durable and confirmed, if it makes one. To
   * be called before the request is settled, so that whatever dies in between doubles the callback
   * and never loses it.
   * @param message the one that the request came in.
   * @throws {BrokerError} the broker did not take it within a minute, or before {@link stop}.
   */
  async publish(message: Message, request: QueuedRequest, end: Outcome): Promise<void> {
    if (request.callback === undefined) return;
    const callback = callbackFor(request, end, {
      service: this.#service,
      run: replaysOf(message),
      now: Date.now(),
    });
    if (!callback) return;
    const limits = { until: Date.now() + patienceMs, signal: this.#stop.signal };
    try {
      await offer(async () => this.#publish(await this.#withBody(callback)), limits);
    } catch (error) {
      if (!(error instanceof MessageTooLargeError)) throw error;
      const response = problemResponse("upstream-protocol-error", error.message, request.id);
      await offer(() => this.#publish({ ...callback, response }), limits);
    }
  }

  /** Gives up what the broker has not taken. */
  stop(): void {
    this.#stop.abort();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** A response that is small after all goes with it, though it was spooled. */
  async #withBody(callback: Callback): Promise<Callback> {
    const { spooled, ...response } = callback.response ?? {};
    const { spool, size = Infinity } = spooled ?? {};
    if (spool === undefined || size > mostInline) return callback;
    try {
      const chunks = await Array.fromAsync(this.#readSpooled(spool, 0, this.#stop.signal));
      const body = Buffer.concat(chunks);
      // {@link stop} ends the reading early.
      if (body.byteLength !== size) return callback;
      return { ...callback, response: { ...response as QueuedResponse, body } };
    } catch (error) {
      if (error instanceof BrokerUnavailableError) throw error;
      return callback;
    }
  }

  #publish(callback: Callback): Promise<void> {
    const { signal } = this.#stop;
    return publishDeclaring(this.#broker, work, [encodeCallback(callback)], { signal });
  }
}
