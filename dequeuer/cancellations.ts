import { setTimeout as delay } from "node:timers/promises";
import type { Message } from "../shared/broker/broker.ts";
import { logger } from "../shared/log.ts";
import { type Cancel, decodeCancel } from "../shared/message/cancel.ts";
import type { ResultStore } from "../shared/results/result_store.ts";
import { within } from "../shared/waiting.ts";
import { CancelledIds } from "./cancelled_ids.ts";

const log = logger("cancellations");

/** The most ids that are kept. */
const mostIds = 100_000;
/** How long an id is kept that came without a deadline, milliseconds. */
const defaultKeptMs = 3_600_000;
/** How often the result store is tried again, milliseconds. */
const tryAgainMs = 5_000;
/** How long is waited for what was cancelled before the start, milliseconds. */
const knownWithinMs = 10_000;

/** What becomes of a request whose caller hangs up: it is cancelled, or finished all the same. */
export type OnDisconnect = "cancel" | "finish";

/** What {@link Cancellations} needs. */
export interface CancellationsOptions {
  readonly onDisconnect: OnDisconnect;
  /** Told of each request that is cancelled. */
  readonly onCancel: (id: string) => void;
  /** Told of each request whose caller has hung up, and that is finished all the same. */
  readonly onLeft?: (id: string) => void;
}

/**
 * What the dequeuers of a service are told of requests that nobody wants an answer to any more. It
 * is a help, not a need: without the broker, or the right to a queue of its own, requests are
 * finished instead.
 */
export class Cancellations implements AsyncDisposable {
  readonly #options: CancellationsOptions;
  readonly #ids = new CancelledIds(mostIds);
  readonly #stop = new AbortController();
  readonly #known = Promise.withResolvers<void>();
  #following: Promise<unknown> = Promise.resolve();

  constructor(options: CancellationsOptions) {
    this.#options = options;
  }

  /** Whether a request is cancelled. */
  has(id: string | undefined): boolean {
    return id !== undefined && this.#ids.has(id);
  }

  /** Follows what the result store keeps for dequeuers that were not there to hear it. */
  start(results: Pick<ResultStore, "cancelled">): void {
    this.#following = this.#follow(results);
  }

  /** Takes what was broadcast to the service's dequeuers. */
  hear(message: Message): void {
    let cancel: Cancel;
    try {
      cancel = decodeCancel(message);
    } catch (error) {
      log.warn("a cancel is not understood: {error}", { error });
      return;
    }
    const { id, reason, deadline = Date.now() + defaultKeptMs } = cancel;
    if (reason === "disconnect" && this.#options.onDisconnect === "finish") {
      this.#options.onLeft?.(id);
    } else this.#cancel(id, deadline);
  }

  /** Resolves when all that was cancelled before the start is known, or cannot be had. */
  async known(signal: AbortSignal): Promise<void> {
    const limits = { ms: knownWithinMs, signals: [signal] };
    await within(this.#known.promise, limits).catch(() => {
      if (signal.aborted) return;
      log.warn("it is not known which of the waiting requests are cancelled: they are forwarded");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
    this.#ids[Symbol.dispose]();
  }

  async #follow(results: Pick<ResultStore, "cancelled">): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const cancelled of results.cancelled(signal)) {
          for (const { id, until } of cancelled) this.#cancel(id, until);
          this.#known.resolve();
        }
      } catch (error) {
        log.debug("the cancelled requests cannot be read just now: {error}", { error });
      }
      await delay(tryAgainMs, undefined, { signal }).catch(() => {});
    }
  }

  #cancel(id: string, until: number): void {
    this.#ids.add(id, until);
    this.#options.onCancel(id);
  }
}
