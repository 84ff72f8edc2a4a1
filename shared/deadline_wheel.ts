/** A deadline in a {@link DeadlineWheel}. */
export interface Deadline {
  readonly slot: number;
  readonly expire: () => void;
}

/**
 * Calls back when a deadline passes, for thousands of deadlines at the price of one timer: they
 * are kept in slots, and the timer looks at one slot each tick. A call comes up to one tick late,
 * never early. Closing it forgets all that is left.
 *
 * @example
 * ```ts
 * using wheel = new DeadlineWheel();
 * const deadline = wheel.add(Date.now() + 30_000, () => controller.abort());
 * wheel.cancel(deadline);
 * ```
 */
export class DeadlineWheel implements Disposable {
  readonly #tickMs: number;
  readonly #slots = new Map<number, Set<Deadline>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #nextSlot = 0;

  /** @param tickMs how late a call may be, milliseconds. */
  constructor(tickMs = 20) {
    this.#tickMs = tickMs;
  }

  /** Calls `expire` once `at` (epoch milliseconds) has passed. */
  add(at: number, expire: () => void): Deadline {
    const current = Math.floor(Date.now() / this.#tickMs);
    if (this.#timer === undefined) {
      this.#nextSlot = current;
      this.#timer = setInterval(() => this.#tick(), this.#tickMs);
    }
    const slot = Math.max(Math.ceil(at / this.#tickMs), this.#nextSlot);
    const deadline = { slot, expire };
    const present = this.#slots.get(slot);
    if (present) present.add(deadline);
    else this.#slots.set(slot, new Set([deadline]));
    return deadline;
  }

  /** Forgets a deadline. Does nothing if it has passed. */
  cancel(deadline: Deadline): void {
    const deadlines = this.#slots.get(deadline.slot);
    // An empty slot far ahead would be kept, and the timer with it, until then.
    if (deadlines?.delete(deadline) && deadlines.size === 0) this.#slots.delete(deadline.slot);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#slots.clear();
  }

  #tick(): void {
    const current = Math.floor(Date.now() / this.#tickMs);
    // After a long pause of the process there may be more empty slots to pass than slots kept.
    if (current - this.#nextSlot > this.#slots.size) {
      for (const slot of [...this.#slots.keys()].sort((a, b) => a - b)) {
        if (slot <= current) this.#expire(slot);
      }
      this.#nextSlot = current + 1;
    }
    while (this.#nextSlot <= current) this.#expire(this.#nextSlot++);
    if (this.#slots.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #expire(slot: number): void {
    const deadlines = this.#slots.get(slot);
    if (!deadlines) return;
    this.#slots.delete(slot);
    for (const { expire } of deadlines) expire();
  }
}
