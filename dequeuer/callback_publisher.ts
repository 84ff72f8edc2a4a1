import type { Broker, Message, QueueSpec } from "../shared/broker/broker.ts";
import { MessageTooLargeError } from "../shared/broker/errors.ts";
import { offer } from "../shared/broker/offer.ts";
import { publishDeclaring } from "../shared/broker/publish_declaring.ts";
import { replaysOf } from "../shared/dead_letters/replayed.ts";
import { type Callback, encodeCallback } from "../shared/message/callback.ts";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { callbackService, deadLetterQueue, requestQueue } from "../shared/service_name.ts";
import { callbackFor } from "./callback.ts";
import { type Outcome, problemResponse } from "./outcome.ts";

const work: QueueSpec = {
  kind: "work",
  name: requestQueue(callbackService),
  deadLetterQueue: deadLetterQueue(callbackService),
};

/** For how long a callback is offered to a broker that does not take it, milliseconds. */
const patienceMs = 60_000;

/** Publishes the callbacks of requests that have ended, for an enqueuer to deliver. */
export class CallbackPublisher implements Disposable {
  readonly #broker: Broker;
  readonly #service: string;
  readonly #stop = new AbortController();

  /** @param service the one whose requests end here. */
  constructor(broker: Broker, service: string) {
    this.#broker = broker;
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
      await offer(() => this.#publish(callback), limits);
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

  #publish(callback: Callback): Promise<void> {
    const { signal } = this.#stop;
    return publishDeclaring(this.#broker, work, [encodeCallback(callback)], { signal });
  }
}
