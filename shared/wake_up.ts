/**
 * Wakes one waiter. A wake-up that comes while nobody waits is kept, so that whoever looks, and
 * then waits, misses nothing.
 *
 * @example
 * ```ts
 * while (!signal.aborted) {
 *   look();
 *   await wakeUp.next([signal]);
 * }
 * ```
 */
export class WakeUp {
  #woken = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Resolves when it was woken since the last time, or as soon as one of the signals aborts. */
  async next(signals: readonly AbortSignal[]): Promise<void> {
    if (!this.#woken && !signals.some(({ aborted }) => aborted)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      this.#resolve = wake;
      for (const signal of signals) signal.addEventListener("abort", wake);
      await promise;
      for (const signal of signals) signal.removeEventListener("abort", wake);
      this.#resolve = undefined;
    }
    this.#woken = false;
  }
}
