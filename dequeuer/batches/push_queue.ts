/** What is pushed at one end, an iteration gets at the other, in the same order. */
export class PushQueue<T> implements AsyncIterableIterator<T> {
  readonly #unread: T[] = [];
  readonly #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #ended = false;

  /** @throws {Error} it has ended. */
  push(value: T): void {
    if (this.#ended) throw new Error("the queue has ended");
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ done: false, value });
    else this.#unread.push(value);
  }

  /** Ends the iteration, after what was pushed so far. */
  end(): void {
    this.#ended = true;
    for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#unread.length > 0) {
      return Promise.resolve({ done: false, value: this.#unread.shift() as T });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
