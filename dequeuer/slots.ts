/**
 * Bounds how many calls are under way at once; whoever comes first gets the next slot. The limit
 * can change at any time: over a lower one nobody new gets in until it is kept.
 */
export class Slots {
  #limit: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  /** @param limit at least 1. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = Math.max(1, limit);
    this.#grant();
  }

  /** Whether somebody waits for one. */
  get contended(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when there is one, which is then the caller's until it is given back. */
  acquire(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#grant();
    });
  }

  /** Resolves when there is one, and leaves it. */
  async available(): Promise<void> {
    await this.acquire();
    this.release();
  }

  /** Gives one back. */
  release(): void {
    this.#taken--;
    this.#grant();
  }

  #grant(): void {
    while (this.#taken < this.#limit) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#taken++;
      next();
    }
  }
}
