const unitSeconds = { s: 1, m: 60, h: 3_600 } as const;

/** How a rate is written, for error messages. */
export const rateForm = "a whole number above 0 and a unit of time: 50/s, 100/m, 1000/h";

/**
 * Reads a rate such as `50/s`.
 * @returns how many a second, or undefined if it is none.
 */
export function parseRate(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})\/(s|m|h)$/.exec(text) ?? [];
  const count = Number(digits);
  if (!(count > 0)) return undefined;
  return count / unitSeconds[unit as keyof typeof unitSeconds];
}

/** Keeps to a rate. */
export class Pace {
  readonly #perSecond: number;
  #free = -Infinity;

  /** @param perSecond `Infinity` holds up nothing. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** How many may go at once, so that a second of them goes in ten turns or more. */
  get turn(): number {
    return Math.max(1, Math.floor(this.#perSecond / 10));
  }

  /**
   * Plans for that many more to go. The first may go at once.
   * @param now milliseconds of any clock that never goes back.
   * @returns how long they have to wait, milliseconds.
   */
  plan(count: number, now: number): number {
    const due = Math.max(now, this.#free);
    this.#free = due + 1_000 * count / this.#perSecond;
    return due - now;
  }
}
