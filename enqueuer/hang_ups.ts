import { Laggards } from "../shared/laggards.ts";

/** How long a caller waits at least before it is watched, milliseconds; at most it is twice that. */
const watchAfterMs = 20;

/** What a request fails with whose caller has hung up. */
export class CallerGoneError extends Error {
  override name = "CallerGoneError";
}

/** A caller that is watched, until it is told to stop. */
export class Watch {
  readonly #request: Request;
  readonly #onHangUp: () => void;
  #signal: AbortSignal | undefined;
  #stopped = false;

  constructor(request: Request, onHangUp: () => void) {
    this.#request = request;
    this.#onHangUp = onHangUp;
  }

  /** Tells of a hang-up from now on, and of one that has been. */
  start(): void {
    if (this.#stopped) return;
    const signal = this.#signal = this.#request.signal;
    if (signal.aborted) this.#onHangUp();
    else signal.addEventListener("abort", this.#onHangUp, { once: true });
  }

  stop(): void {
    this.#stopped = true;
    this.#signal?.removeEventListener("abort", this.#onHangUp);
  }
}

/**
 * Notices callers that hang up before their response. A request's `signal` is dear where the
 * response comes at once, a third of serving an empty one, so that it is asked for only when the
 * response has not come soon; it tells then of what has been, too.
 *
 * @example
 * ```ts
 * using hangUps = new HangUps();
 * const watch = hangUps.watch(request, () => cancel());
 * watch.stop();
 * ```
 */
export class HangUps implements Disposable {
  readonly #waiting = new Laggards<Watch>(watchAfterMs, (watch) => watch.start());

  /** Calls back, once, when the request's caller hangs up before the watch is stopped. */
  watch(request: Request, onHangUp: () => void): Watch {
    const watch = new Watch(request, onHangUp);
    this.#waiting.watch(watch);
    return watch;
  }

  [Symbol.dispose](): void {
    this.#waiting[Symbol.dispose]();
  }
}
