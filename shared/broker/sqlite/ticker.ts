import { clearTimeout, setTimeout } from "node:timers";

/** Calls back at the earliest time that it was asked for, and once for any number of askings. */
export class Ticker {
  readonly #onTick: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;
  #alive = false;
  #stopped = false;

  constructor(onTick: () => void) {
    this.#onTick = onTick;
  }

  /** Ticks at a time, epoch milliseconds, if it is not to tick before. */
  by(at: number): void {
    if (this.#stopped || at >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, at - Date.now()));
    if (!this.#alive) this.#timer.unref();
  }

  /** Whether the process is to stay up for the next tick. @default false */
  keepAlive(alive: boolean): void {
    this.#alive = alive;
    if (alive) this.#timer?.ref();
    else this.#timer?.unref();
  }

  stop(): void {
    this.#stopped = true;
    this.#clear();
  }

  #tick(): void {
    this.#clear();
    this.#onTick();
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = Infinity;
  }
}
