import type { Broker, Delivery } from "../../shared/broker/broker.ts";
import { BrokerError } from "../../shared/broker/errors.ts";
import { logger } from "../../shared/log.ts";
import { offer } from "../../shared/broker/offer.ts";
import { decodeCallback } from "../../shared/message/callback.ts";
import { pause } from "../../shared/waiting.ts";
import { keepConsuming } from "../keep_consuming.ts";
import { type CallbackOutcome, type CallbackRetry, decide, settlementOf } from "./outcome.ts";
import type { Poster } from "./post.ts";
import type { SigningKey } from "./signature.ts";
import { signed, type SignedCallback } from "./signed.ts";

const log = logger("callbacks");

/** How many callbacks are delivered at once. */
const concurrency = 16;
/** How long nothing is consumed after consuming has failed, milliseconds. */
const pauseMs = 5_000;
/** For how long a broker is asked to settle that does not do it just now, milliseconds. */
const settleMs = 60_000;

/** What {@link CallbackWorker} needs. */
export interface CallbackWorkerDeps {
  readonly broker: Broker;
  /** The queue that the callbacks are in; declared before it is consumed. */
  readonly queue: string;
  readonly poster: Poster;
  /** Each signs, so that a receiver may know any of them. */
  readonly keys: readonly SigningKey[];
  readonly retry: CallbackRetry;
  /** Told how each delivery ended. */
  readonly onEnd: (end: CallbackEnd) => void;
}

/** How a delivery ended; `lost` is one that could not be settled and comes again. */
export type CallbackEnd = CallbackOutcome["kind"] | "lost";

/** Delivers the callbacks of a queue: a few at once, each tried again by the broker's delays. */
export class CallbackWorker {
  readonly #deps: CallbackWorkerDeps;
  /** Ends consuming. */
  readonly #stop = new AbortController();
  /** Cuts off what is under way. */
  readonly #cut = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: CallbackWorkerDeps) {
    this.#deps = deps;
  }

  /** Starts to consume. */
  start(): void {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    this.#running = keepConsuming(this.#deps.broker, this.#deps.queue, {
      concurrency,
      signal,
      process: (delivery) => this.#process(delivery),
      async failed(error) {
        log.error("callbacks are not delivered for {pauseMs} ms: {error}", { pauseMs, error });
        await pause(pauseMs, signal);
      },
    });
  }

  /**
   * Stops to consume, waits for the deliveries under way until the signal aborts, and gives the
   * rest back to the queue.
   */
  async close(signal: AbortSignal): Promise<void> {
    const cut = () => this.#cut.abort();
    this.#stop.abort();
    signal.addEventListener("abort", cut, { once: true });
    if (signal.aborted) cut();
    await this.#running;
    signal.removeEventListener("abort", cut);
  }

  async #process(delivery: Delivery): Promise<void> {
    const { broker, onEnd } = this.#deps;
    const requestId = delivery.message.correlationId;
    try {
      const outcome = await this.#deliver(delivery);
      if ("failure" in outcome) {
        log.warn("callback of request {requestId}: {outcome} after {failure}", {
          requestId,
          outcome: outcome.kind,
          failure: outcome.failure,
          attempt: delivery.attempt,
        });
      }
      const settlement = settlementOf(delivery, outcome, Date.now());
      // What is given back instead is delivered again at once, to one who may just have refused it.
      await offer(() => broker.settle([settlement]), {
        everyMs: 1_000,
        until: Date.now() + settleMs,
        signal: this.#cut.signal,
      });
      onEnd(outcome.kind);
    } catch (error) {
      const why = error instanceof BrokerError ? error.message : error;
      log.warn("callback of request {requestId} comes again: {error}", { requestId, error: why });
      onEnd("lost");
      // What is no longer ours comes again anyway.
      await broker.settle([{ kind: "release", delivery }]).catch(() => {});
    }
  }

  async #deliver({ message, attempt }: Delivery): Promise<CallbackOutcome> {
    const { poster, keys, retry } = this.#deps;
    let callback: SignedCallback;
    try {
      callback = signed(decodeCallback(message), keys, Date.now());
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { kind: "dead", reason: `invalid: ${failure}`, failure };
    }
    const { url, headers, body } = callback;
    const result = await poster.post(url, headers, body, this.#cut.signal);
    return decide(result, retry, { attempt, now: Date.now(), random: Math.random() });
  }
}
