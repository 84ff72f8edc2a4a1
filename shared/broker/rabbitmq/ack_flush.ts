/** How many commands of a channel a quorum queue's log takes at once, less two. */
const takenAtOnce = 30;
/** After that time without another one, all of them are in the log, milliseconds. */
const flushMs = 500;

/**
 * When acknowledgements have arrived. A channel of RabbitMQ passes 32 commands on to a quorum
 * queue's log, and keeps the others back until the disk has those: closed before, it forgets them,
 * and what was acknowledged comes again. There is no answer to wait for, so time has to do.
 */
export class AckFlush implements Disposable {
  readonly #needed: boolean;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #count = 0;
  #last = -Infinity;

  /** @param needed whether the queues are quorum queues. */
  constructor(needed: boolean) {
    this.#needed = needed;
  }

  /** How long it takes until all have arrived, milliseconds. */
  get remainingMs(): number {
    if (!this.#needed || this.#count <= takenAtOnce) return 0;
    return Math.max(0, this.#last + flushMs - performance.now());
  }

  /** Counts an acknowledgement that was sent. */
  sent(): void {
    const now = performance.now();
    if (now - this.#last > flushMs) this.#count = 0;
    this.#count++;
    this.#last = now;
  }

  /** Does something when all have arrived, unless it is disposed of before. */
  afterwards(action: () => void): void {
    const ms = this.remainingMs;
    if (ms === 0) return action();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.afterwards(action);
    }, ms);
    this.#timers.add(timer);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
