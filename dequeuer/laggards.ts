/**
 * Finds out who takes longer than a moment, for the price of one timer however many there are: most
 * are done before it looks, and cost no more than a place in a list.
 *
 * @example
 * ```ts
 * using slow = new Laggards<Call>(20, (call) => call.late());
 * slow.watch(call);
 * ```
 */
export class Laggards<T> implements Disposable {
  #fresh: T[] = [];
  #older: T[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #ms: number;
  readonly #onLate: (one: T) => void;

  /**
   * @param ms the moment, milliseconds; at most it is twice that.
   * @param onLate told of each, done or not.
   */
  constructor(ms: number, onLate: (one: T) => void) {
    this.#ms = ms;
    this.#onLate = onLate;
  }

  /** Tells of it, once, when the moment is over. */
  watch(one: T): void {
    this.#fresh.push(one);
    this.#timer ??= setInterval(() => this.#tick(), this.#ms);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#fresh = this.#older = [];
  }

  #tick(): void {
    for (const one of this.#older) this.#onLate(one);
    this.#older = this.#fresh;
    this.#fresh = [];
    if (this.#older.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
