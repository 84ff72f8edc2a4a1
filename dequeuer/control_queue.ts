import { setTimeout as delay } from "node:timers/promises";
import { v4 as uuidv4 } from "uuid";
import type { Broker, Message } from "../shared/broker/broker.ts";
import { ReplyQueueLostError } from "../shared/broker/errors.ts";
import { logger } from "../shared/log.ts";

const log = logger("control-queue");

/** How often a queue that cannot be had is tried again, milliseconds. */
const tryAgainMs = 5_000;

/**
 * The queue of this dequeuer alone: what is broadcast to its service, and the credit for what it
 * streams. It is a help, not a need: without the broker, or the right to a queue of its own,
 * cancelled requests are finished, and responses are collected.
 */
export class ControlQueue implements AsyncDisposable {
  readonly #hear: (message: Message) => void;
  readonly #stop = new AbortController();
  #name: string | undefined;
  #listening: Promise<void> = Promise.resolve();
  #warned = false;

  /** @param hear gets each message; it must not throw. */
  constructor(hear: (message: Message) => void) {
    this.#hear = hear;
  }

  /** The queue's name, while there is one. */
  get queue(): string | undefined {
    return this.#name;
  }

  /** Listens from now on, as soon as the broker can be reached. */
  start(broker: Broker, broadcasts: readonly string[]): void {
    this.#listening = this.#listen(broker, broadcasts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(broker: Broker, broadcasts: readonly string[]): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // The name of one that was lost may be taken.
      const name = `control_${uuidv4()}`;
      try {
        await broker.declare({ kind: "reply", name, broadcasts }, { signal });
        const deliveries = broker.consume(name, { prefetch: 1, signal });
        this.#name = name;
        for await (const { message } of deliveries) this.#hear(message);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ReplyQueueLostError) continue;
        if (!this.#warned) {
          log.warn(
            "not told of cancelled requests, which are finished for now, and nothing streams: {error}",
            { error },
          );
        }
        this.#warned = true;
      } finally {
        this.#name = undefined;
      }
      await delay(tryAgainMs, undefined, { signal }).catch(() => {});
    }
  }
}
