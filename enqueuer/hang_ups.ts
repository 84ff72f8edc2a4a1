import { DeadlineWheel } from "../shared/deadline_wheel.ts";

/** How long a caller waits before it is watched, milliseconds. */
const watchAfterMs = 20;

/** What a request fails with whose caller has hung up. */
export class CallerGoneError extends Error {
  override name = "CallerGoneError";
}

/**
 * Notices callers that hang up before their response. A request's `signal` costs as much as a
 * quarter of serving it, so that it is asked for only when the response has not come at once; it
 * then tells of what happened before, too.
 *
 * @example
 * ```ts
 * using hangUps = new HangUps();
 * using _ = hangUps.watch(request, () => cancel());
 * ```
 */
export class HangUps implements Disposable {
  readonly #wheel = new DeadlineWheel();

  /** Calls back, once, when the request's caller hangs up before the watch is disposed of. */
  watch(request: Request, onHangUp: () => void): Disposable {
    let signal: AbortSignal | undefined;
    const deadline = this.#wheel.add(Date.now() + watchAfterMs, () => {
      signal = request.signal;
      if (signal.aborted) onHangUp();
      else signal.addEventListener("abort", onHangUp, { once: true });
    });
    return {
      [Symbol.dispose]: () => {
        if (signal) signal.removeEventListener("abort", onHangUp);
        else this.#wheel.cancel(deadline);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#wheel[Symbol.dispose]();
  }
}
