import { BrokerUnavailableError, MessageTooLargeError } from "../shared/broker/errors.ts";
import type { Delivery } from "../shared/broker/broker.ts";
import { replaysOf } from "../shared/dead_letters/replayed.ts";
import { logger } from "../shared/log.ts";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import type { Change, RequestState, ResultStore } from "../shared/results/result_store.ts";
import { pause } from "../shared/waiting.ts";
import { type Outcome, problemResponse } from "./outcome.ts";

const log = logger("recorder");

/** How often a change is offered to a store that does not take it, and for how long, milliseconds. */
const offerAgainMs = 250;
const patienceMs = 60_000;

/**
 * Records the changes of requests whose callers ask for them later (`tracked`). Others cost
 * nothing here.
 */
export class Recorder implements Disposable {
  readonly #store: Pick<ResultStore, "record">;
  readonly #service: string;
  readonly #stop = new AbortController();

  constructor(store: Pick<ResultStore, "record">, service: string) {
    this.#store = store;
    this.#service = service;
  }

  /** Records that the microservice has a request now. It is not waited for. */
  processing(request: QueuedRequest, delivery: Delivery): void {
    if (request.tracked) this.#tell(this.#change(request, delivery, "processing"));
  }

  /**
   * Records an outcome, before the delivery is settled. What ends a request resolves when it is
   * durable; while the store does not take it, it is offered again, so that what the microservice
   * has done is not done twice.
   * @throws {BrokerError} the store did not take it within a minute, or before {@link stop}.
   */
  async outcome(request: QueuedRequest, delivery: Delivery, outcome: Outcome): Promise<void> {
    if (!request.tracked) return;
    switch (outcome.kind) {
      case "answered": {
        const { response } = outcome;
        const state = response.status < 400 ? "succeeded" : "failed";
        return await this.#end({ ...this.#change(request, delivery, state), response });
      }
      case "dead": {
        const { reason, response } = outcome;
        return await this.#end({ ...this.#change(request, delivery, "dead"), reason, response });
      }
      case "cancelled":
        return await this.#end(this.#change(request, delivery, "cancelled"));
      case "retry":
        return this.#tell({
          ...this.#change(request, delivery, "queued"),
          reason: outcome.failure,
          nextAttemptAt: Date.now() + outcome.delayMs,
        });
      case "postponed":
      case "released":
        return this.#tell(this.#change(request, delivery, "queued"));
    }
  }

  /** Records that a request has expired in its queue. */
  async expired(request: QueuedRequest, delivery: Delivery): Promise<void> {
    if (!request.tracked) return;
    await this.#end({ ...this.#change(request, delivery, "dead"), reason: "expired" });
  }

  /** Gives up what the store has not taken. */
  stop(): void {
    this.#stop.abort();
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

  #tell(change: Change): void {
    this.#store.record(change).catch((error) => {
      log.debug("request {requestId} is not known to be {state}: {error}", {
        requestId: change.id,
        state: change.state,
        error,
      });
    });
  }

  async #end(change: Change): Promise<void> {
    const giveUpAt = Date.now() + patienceMs;
    const { signal } = this.#stop;
    for (let offered = change;;) {
      try {
        return await this.#store.record(offered);
      } catch (error) {
        if (error instanceof MessageTooLargeError && offered === change) {
          const response = problemResponse("upstream-protocol-error", error.message, change.id);
          offered = { ...change, response };
          continue;
        }
        if (!(error instanceof BrokerUnavailableError) || Date.now() > giveUpAt) throw error;
        await pause(offerAgainMs, signal);
        if (signal.aborted) throw error;
      }
    }
  }
}
