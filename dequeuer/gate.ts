/** How many deliveries may be held, and for how long that is known. */
export interface Opening {
  readonly prefetch: number;
  /** Aborts when the number changes, or the caller's own signal aborts. */
  readonly signal: AbortSignal;
}

/**
 * Decides whether the queue is consumed. Whoever has a reason to hold it back sets a limit under a
 * name of its own; the smallest limit counts, and 0 closes the gate. While it is closed requests
 * wait in the queue, where they cost nothing and use up no attempt.
 *
 * @example
 * ```ts
 * const gate = new Gate(32);
 * gate.limit("breaker", 0, "the microservice fails");
 * gate.lift("breaker");
 * ```
 */
export class Gate implements Disposable {
  #most: number;
  readonly #limits = new Map<string, { readonly limit: number; readonly why: string }>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #changed = new AbortController();

  /** @param most how many deliveries are held when nothing holds back, at least 1. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many deliveries may be held just now. */
  get prefetch(): number {
    return Math.min(this.#most, ...[...this.#limits.values()].map(({ limit }) => limit));
  }

  /** For operators: what holds back, by name. */
  get reasons(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#limits].map(([name, { why }]) => [name, why]));
  }

  /** Changes how many deliveries are held when nothing holds back. */
  resize(most: number): void {
    const before = this.prefetch;
    this.#most = most;
    if (this.prefetch !== before) this.#change();
  }

  /** Holds at most `limit` deliveries until told otherwise under the same name. */
  limit(name: string, limit: number, why: string): void {
    const before = this.prefetch;
    this.#limits.set(name, { limit, why });
    if (this.prefetch !== before) this.#change();
  }

  /** Closes the gate for a while. */
  close(name: string, ms: number, why: string): void {
    clearTimeout(this.#timers.get(name));
    this.limit(name, 0, why);
    this.#timers.set(name, setTimeout(() => this.lift(name), ms));
  }

  /** Takes back what was set under this name. */
  lift(name: string): void {
    const before = this.prefetch;
    this.#limits.delete(name);
    if (this.prefetch !== before) this.#change();
  }

  /**
   * Waits until the gate is open.
   * @throws the signal's reason when it aborts first.
   */
  async opening(signal: AbortSignal): Promise<Opening> {
    while (this.prefetch === 0) {
      await aborted(AbortSignal.any([signal, this.#changed.signal]), signal);
    }
    signal.throwIfAborted();
    return {
      prefetch: this.prefetch,
      signal: AbortSignal.any([signal, this.#changed.signal]),
    };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #change(): void {
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort();
  }
}

/** Waits for `either`, and throws when it was `fatal`. */
function aborted(either: AbortSignal, fatal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => fatal.aborted ? reject(fatal.reason) : resolve();
    if (either.aborted) done();
    else either.addEventListener("abort", done, { once: true });
  });
}
