import { type Deadline, DeadlineWheel } from "../shared/deadline_wheel.ts";

/** How late an id may be forgotten, milliseconds. */
const tickMs = 1_000;

/** The ids of cancelled requests, each until a time; over the limit the oldest go first. */
export class CancelledIds implements Disposable {
  readonly #limit: number;
  readonly #wheel = new DeadlineWheel(tickMs);
  readonly #deadlines = new Map<string, Deadline>();

  /** @param limit how many are kept at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  has(id: string): boolean {
    return this.#deadlines.has(id);
  }

  /** Keeps an id until a time, epoch milliseconds, or up to a second longer. */
  add(id: string, until: number): void {
    this.#forget(id);
    const [oldest] = this.#deadlines.keys();
    if (oldest !== undefined && this.#deadlines.size >= this.#limit) this.#forget(oldest);
    this.#deadlines.set(id, this.#wheel.add(until, () => this.#deadlines.delete(id)));
  }

  [Symbol.dispose](): void {
    this.#wheel[Symbol.dispose]();
    this.#deadlines.clear();
  }

  #forget(id: string): void {
    const deadline = this.#deadlines.get(id);
    if (!deadline) return;
    this.#deadlines.delete(id);
    this.#wheel.cancel(deadline);
  }
}
