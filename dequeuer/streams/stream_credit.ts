/** How much of a stream its requester takes, and when it was last heard of. */
export class StreamCredit {
  #granted: number;
  #spent = 0;
  #heardAt: number;

  /**
   * @param window what may be sent before the first credit, bytes.
   * @param now milliseconds of any clock, as in the other methods.
   */
  constructor(window: number, now: number) {
    this.#granted = window;
    this.#heardAt = now;
  }

  /** How much may be sent just now, bytes. */
  get available(): number {
    return this.#granted - this.#spent;
  }

  /**
   * Takes a credit; one that was overtaken by another takes nothing back.
   * @param granted bytes in all.
   */
  grant(granted: number, now: number): void {
    this.#granted = Math.max(this.#granted, granted);
    this.#heardAt = now;
  }

  spend(bytes: number): void {
    this.#spent += bytes;
  }

  /** For how long nothing was heard, milliseconds. */
  silence(now: number): number {
    return now - this.#heardAt;
  }
}
