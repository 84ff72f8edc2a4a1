import type { Delivery } from "../shared/broker/broker.ts";
import { MessageTooLargeError } from "../shared/broker/errors.ts";
import { offer, type OfferLimits } from "../shared/broker/offer.ts";
import { replaysOf } from "../shared/dead_letters/replayed.ts";
import { logger } from "../shared/log.ts";
import type { QueuedRequest, QueuedResponse } from "../shared/message/envelope.ts";
import type { Change, RequestState, ResultStore } from "../shared/results/result_store.ts";
import { type Outcome, problemResponse } from "./outcome.ts";
import { endOf } from "./request_end.ts";

const log = logger("recorder");

/** For how long a request's end is offered to a store that does not take it, milliseconds. */
const patienceMs = 60_000;
/**
 * How long it may take to be told that the microservice has a request, milliseconds. Most have ended
 * by then, and only their end is told: each change costs the broker about half of what a whole
 * request does.
 */
const tellAfterMs = 100;

/**
 * Records the changes of requests whose callers ask for them later (`tracked`). Others cost
 * nothing here.
 */
export class Recorder implements Disposable {
  readonly #store: Pick<ResultStore, "record">;
  readonly #service: string;
  readonly #stop = new AbortController();
  /** Those that the microservice has, which has not been told yet, by the request's id. */
  readonly #untold = new Map<string, Change>();
  #teller: ReturnType<typeof setTimeout> | undefined;

  /** @param service the one whose requests are recorded. */
  constructor(store: Pick<ResultStore, "record">, service: string) {
    this.#store = store;
    this.#service = service;
  }

  /** Records that the microservice has a request now, unless it has answered within a moment. */
  processing(request: QueuedRequest, delivery: Delivery): void {
    if (!request.tracked) return;
    const change = this.#change(request, delivery, "processing");
    this.#untold.set(change.id, change);
    this.#teller ??= setTimeout(() => this.#tellAll(), tellAfterMs);
  }

  /**
   * Records that a response begins, whose body is in a spool. Resolves when it is durable.
   * @throws {BrokerError} as {@link record} does.
   */
  async head(request: QueuedRequest, delivery: Delivery, response: QueuedResponse): Promise<void> {
    this.#untold.delete(request.id ?? "");
    const change = { ...this.#change(request, delivery, "processing"), response };
    await offer(() => this.#store.record(change), this.#limits());
  }

  /**
   * Records what became of a delivery, before it is settled. An end resolves when it is durable;
   * while the store does not take it, it is offered again, so that what the microservice has done
   * is not done twice. That a request goes on is not waited for.
   * @throws {BrokerError} the store did not take an end within a minute, or before {@link stop}.
   */
  async record(request: QueuedRequest, delivery: Delivery, outcome: Outcome): Promise<void> {
    if (!request.tracked) return;
    this.#untold.delete(request.id ?? "");
    const end = endOf(outcome, request.id);
    if (end) return await this.#end({ ...this.#change(request, delivery, end.state), ...end });
    const queued = this.#change(request, delivery, "queued");
    if (outcome.kind !== "retry") return this.#tell(queued);
    const { failure: reason, delayMs } = outcome;
    this.#tell({ ...queued, reason, nextAttemptAt: Date.now() + delayMs });
  }

  /** Gives up what the store has not taken. */
  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#teller);
    this.#teller = undefined;
    this.#untold.clear();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #change({ id = "" }: QueuedRequest, delivery: Delivery, state: RequestState): Change {
    return {
      id,
      service: this.#service,
      state,
      run: replaysOf(delivery.message),
      attempt: delivery.attempt + delivery.redeliveries,
    };
  }

  #tellAll(): void {
    this.#teller = undefined;
    for (const change of this.#untold.values()) this.#tell(change);
    this.#untold.clear();
  }

  #tell(change: Change): void {
    this.#store.record(change).catch((error) => {
      log.debug("request {requestId} is not known to be {state}: {error}", {
        requestId: change.id,
        state: change.state,
        error,
      });
    });
  }

  #limits(): OfferLimits {
    return { until: Date.now() + patienceMs, signal: this.#stop.signal };
  }

  async #end(change: Change): Promise<void> {
    const limits = this.#limits();
    try {
      await offer(() => this.#store.record(change), limits);
    } catch (error) {
      if (!(error instanceof MessageTooLargeError)) throw error;
      const response = problemResponse("upstream-protocol-error", error.message, change.id);
      const state = change.state === "succeeded" ? "failed" : change.state;
      await offer(() => this.#store.record({ ...change, state, response }), limits);
    }
  }
}
