import type { Delivery } from "./broker.ts";

type Result = IteratorResult<Delivery, undefined>;
type Resolve = (result: Result | Promise<Result>) => void;

/**
 * Deliveries pushed by a driver, pulled by a `for await`. It ends once, by {@link end} or by its
 * reader's leaving the loop; what nobody has pulled by then is handed to `onEnd`, for its release.
 *
 * @example
 * ```ts
 * const buffer = new DeliveryBuffer((unread) => release(unread));
 * buffer.push(delivery);
 * for await (const delivery of buffer) await handle(delivery);
 * ```
 */
export class DeliveryBuffer implements AsyncIterableIterator<Delivery> {
  #unread: Delivery[] = [];
  #waiting: Resolve[] = [];
  #ended = false;
  #error: unknown;
  readonly #onEnd: (unread: readonly Delivery[]) => void;

  constructor(onEnd: (unread: readonly Delivery[]) => void) {
    this.#onEnd = onEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Hands a delivery to the reader. Returns false, and does not take it, after the end. */
  push(delivery: Delivery): boolean {
    if (this.#ended) return false;
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ done: false, value: delivery });
    else this.#unread.push(delivery);
    return true;
  }

  /**
   * Takes back what was pushed but not pulled, because it is no longer this consumer's.
   * @returns what was taken back.
   */
  takeUnread(): Delivery[] {
    return this.#unread.splice(0);
  }

  /** Ends the iteration, with an error if one is given. Calling it again does nothing. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const unread = this.takeUnread();
    const waiting = this.#waiting.splice(0);
    this.#onEnd(unread);
    for (const resolve of waiting) resolve(this.#last());
  }

  next(): Promise<Result> {
    const value = this.#unread.shift();
    if (value) return Promise.resolve({ done: false, value });
    if (this.#ended) return this.#last();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<Result> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #last(): Promise<Result> {
    if (this.#error === undefined) return Promise.resolve({ done: true, value: undefined });
    const error = this.#error;
    this.#error = undefined;
    return Promise.reject(error);
  }
}
