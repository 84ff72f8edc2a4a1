import { pause } from "../waiting.ts";
import type { Message, PublishOptions } from "./broker.ts";
import { BrokerUnavailableError, QueueNotFoundError } from "./errors.ts";

/** For how long what the broker did not take is published again, milliseconds. */
const worthMs = 30_000;
/** How long a broker that takes nothing is left alone, milliseconds. */
const pauseMs = 100;
/** So much is kept meanwhile, bytes of bodies; the oldest goes first. */
const mostBytes = 16 * 2 ** 20;

/** What {@link Unconfirmed} works with. */
export interface UnconfirmedOptions {
  /** Resolves when there is a connection. Rejects when the signal aborts. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Aborts when nothing is to be published any more. */
  readonly closing: AbortSignal;
}

/**
 * Publishes messages, and resolves when the broker has taken them.
 * @throws {QueueNotFoundError} there is no such queue.
 * @throws {BrokerUnavailableError} the broker may not have taken them.
 */
export type Send = () => Promise<void>;

/** What was handed over. */
interface Handed {
  readonly send: Send;
  readonly messages: readonly Message[];
  readonly options: PublishOptions;
  /** Until when it is worth publishing, by the process's clock. */
  readonly until: number;
}

/**
 * Publishes what nobody waits for the confirmation of, by a driver that has one all the same. What a
 * lost connection took along is published again by the next one, before anything newer and in its
 * order, if it has `onUnroutable`: see {@link PublishOptions}.
 */
export class Unconfirmed {
  readonly #options: UnconfirmedOptions;
  #lost: Handed[] = [];
  #lostBytes = 0;
  #waiting = false;

  constructor(options: UnconfirmedOptions) {
    this.#options = options;
  }

  /** Takes messages over. @param send how they are published. */
  publish(messages: readonly Message[], options: PublishOptions, send: Send): void {
    const handed = { send, messages, options, until: performance.now() + worthMs };
    if (this.#waiting && options.onUnroutable) this.#keep(handed);
    else this.#send(handed);
  }

  #send(handed: Handed): void {
    const { send, messages, options: { onUnroutable, delayMs = 0 } } = handed;
    send().catch((error) => {
      if (error instanceof QueueNotFoundError && delayMs <= 0) {
        for (const message of messages) onUnroutable?.(message);
      } else if (error instanceof BrokerUnavailableError && onUnroutable) {
        this.#keep(handed);
      }
    });
  }

  #keep(handed: Handed): void {
    this.#lost.push(handed);
    this.#lostBytes += sizeOf(handed);
    while (this.#lostBytes > mostBytes) this.#lostBytes -= sizeOf(this.#lost.shift() ?? handed);
    if (this.#waiting) return;
    this.#waiting = true;
    this.#sendAgain();
  }

  async #sendAgain(): Promise<void> {
    const { closing, ready } = this.#options;
    await pause(pauseMs, closing);
    await ready(closing).catch(() => {});
    const lost = this.#lost;
    this.#lost = [];
    this.#lostBytes = 0;
    this.#waiting = false;
    if (closing.aborted) return;
    const now = performance.now();
    for (const handed of lost) if (now < handed.until) this.#send(handed);
  }
}

function sizeOf({ messages }: Handed): number {
  return messages.reduce((sum, { body }) => sum + body.byteLength, 0);
}
