import type { Broker } from "../shared/broker/broker.ts";
import { MessageTooLargeError, QueueNotFoundError } from "../shared/broker/errors.ts";
import { offer } from "../shared/broker/offer.ts";
import { logger } from "../shared/log.ts";
import { encodeResponse, type QueuedResponse } from "../shared/message/envelope.ts";
import { isLiveReplyQueue } from "../shared/message/reply_queue.ts";
import { pause } from "../shared/waiting.ts";
import { problemResponse } from "./outcome.ts";

const log = logger("replier");

/** Whom a reply is for. */
export interface Requester {
  readonly replyTo: string;
  readonly id: string | undefined;
  /** Epoch milliseconds until which it waits, if it said so. */
  readonly deadline?: number;
}

/**
 * When a reply that reached no queue is published again, milliseconds after the last time: together
 * longer than an enqueuer takes to declare its queue again once the broker is back.
 */
const republishAfterMs: readonly number[] = [100, 400, 1_000, 3_000, 5_000];
/**
 * For how long a reply is offered to a broker that does not take it, where the requester has said
 * no deadline, milliseconds.
 */
const patienceMs = 60_000;

/** Publishes responses to whoever asked for them. */
export class Replier implements Disposable {
  readonly #broker: Broker;
  readonly #onDropped: () => void;
  readonly #stop = new AbortController();
  readonly #pending = new Set<Promise<void>>();

  /** @param onDropped called for a reply that nobody waits for. */
  constructor(broker: Broker, onDropped: () => void) {
    this.#broker = broker;
    this.#onDropped = onDropped;
  }

  /**
   * Publishes a reply: for a live requester transient and unconfirmed, for a durable reply queue
   * durable and confirmed. One that nobody waits for is dropped. While the broker does not take it,
   * it is offered again, so that what the microservice has done is not done twice.
   * @throws {BrokerError} the broker did not take it by the deadline, or before {@link stop}.
   */
  reply(to: Requester, response: QueuedResponse): Promise<void> {
    return this.#offer(to, response, 0);
  }

  /** Resolves when no reply is on its way any more. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Gives up what the broker has not taken. */
  stop(): void {
    this.#stop.abort();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** @param times how often it has reached no queue. */
  async #offer(to: Requester, response: QueuedResponse, times: number): Promise<void> {
    const until = to.deadline ?? Date.now() + patienceMs;
    try {
      await offer(() => this.#publish(to, response, times), { until, signal: this.#stop.signal });
    } catch (error) {
      if (error instanceof QueueNotFoundError) return this.#drop(to);
      if (!(error instanceof MessageTooLargeError)) throw error;
      const problem = problemResponse("upstream-protocol-error", error.message, to.id);
      await this.#offer(to, problem, times);
    }
  }

  #publish(to: Requester, response: QueuedResponse, times: number): Promise<void> {
    const live = isLiveReplyQueue(to.replyTo, to.id);
    return this.#broker.publish(
      { queue: to.replyTo },
      [encodeResponse(response, to.id, !live)],
      live
        ? { confirm: false, onUnroutable: () => this.#again(to, response, times) }
        : { confirm: true },
    );
  }

  /**
   * A live requester's queue goes with its connection and is declared again a moment later: a
   * reply that comes in between is not lost yet.
   */
  #again(to: Requester, response: QueuedResponse, times: number): void {
    const wait = republishAfterMs[times];
    if (wait === undefined || Date.now() + wait > (to.deadline ?? 0)) return this.#drop(to);
    const { signal } = this.#stop;
    const republished = pause(wait, signal)
      .then(() => signal.aborted ? this.#drop(to) : this.#offer(to, response, times + 1))
      .catch(() => this.#drop(to))
      .finally(() => this.#pending.delete(republished));
    this.#pending.add(republished);
  }

  #drop({ id, replyTo }: Requester): void {
    this.#onDropped();
    log.debug("nobody waits for the reply to {requestId} in {replyTo}", { requestId: id, replyTo });
  }
}
