import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "../shared/broker/broker.ts";
import {
  BrokerUnavailableError,
  MessageTooLargeError,
  QueueNotFoundError,
} from "../shared/broker/errors.ts";
import { logger } from "../shared/log.ts";
import { encodeResponse, type QueuedResponse } from "../shared/message/envelope.ts";
import { problemResponse } from "./outcome.ts";

const log = logger("replier");

/** Whom a reply is for. */
export interface Requester {
  readonly replyTo: string;
  readonly id: string | undefined;
  /** Epoch milliseconds until which it waits, if it said so. */
  readonly deadline?: number;
}

/** When a reply that reached no queue is published again, milliseconds after the last time. */
const republishAfterMs: readonly number[] = [100, 400, 1_000, 3_000];

/** How often a reply is offered to a broker that does not take it, milliseconds. */
const offerAgainMs = 250;
/** For how long, where the requester has said no deadline, milliseconds. */
const patienceMs = 60_000;

/** Publishes responses to whoever asked for them. */
export class Replier implements Disposable {
  readonly #broker: Broker;
  readonly #onDropped: () => void;
  readonly #stop = new AbortController();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

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
  async reply(to: Requester, response: QueuedResponse): Promise<void> {
    const giveUpAt = to.deadline ?? Date.now() + patienceMs;
    for (;;) {
      try {
        return await this.#publish(to, response, 0);
      } catch (error) {
        if (error instanceof QueueNotFoundError) return this.#drop(to);
        if (error instanceof MessageTooLargeError) {
          response = problemResponse("upstream-protocol-error", error.message, to.id);
          continue;
        }
        const { signal } = this.#stop;
        if (!(error instanceof BrokerUnavailableError) || Date.now() > giveUpAt) throw error;
        await delay(offerAgainMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) throw error;
      }
    }
  }

  /** Stops offering what the broker has not taken. */
  stop(): void {
    this.#stop.abort();
  }

  [Symbol.dispose](): void {
    this.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #publish(to: Requester, response: QueuedResponse, times: number): Promise<void> {
    const live = isLive(to);
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
    const delay = republishAfterMs[times];
    if (delay === undefined || Date.now() + delay > (to.deadline ?? 0)) return this.#drop(to);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#publish(to, response, times + 1).catch(() => this.#again(to, response, times + 1));
    }, delay);
    this.#timers.add(timer);
  }

  #drop({ id, replyTo }: Requester): void {
    this.#onDropped();
    log.debug("nobody waits for the reply to {requestId} in {replyTo}", { requestId: id, replyTo });
  }
}

/**
 * Whether a reply queue is one that goes with its requester: an enqueuer's (`reply_{instance}`),
 * a server-named one, or RabbitMQ's direct reply-to. A queue for one request
 * (`reply_{correlation_id}`) or any other may outlive it.
 */
export function isLive({ replyTo, id }: Requester): boolean {
  return replyTo.startsWith("amq.") ||
    (replyTo.startsWith("reply_") && replyTo !== `reply_${id}`);
}
