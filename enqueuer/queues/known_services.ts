/** How many services are known at most, beside those of the settings. */
const mostKnown = 1_000;

/**
 * The services that an enqueuer knows: those of its settings, and those whose queues have taken
 * something from it, of which it forgets the first to keep so many.
 */
export class KnownServices {
  readonly #configured: ReadonlySet<string>;
  readonly #limit: number;
  readonly #published = new Set<string>();

  /**
   * @param configured those that are known anyway.
   * @param limit how many others are known at most.
   */
  constructor(configured: Iterable<string>, limit: number = mostKnown) {
    this.#configured = new Set(configured);
    this.#limit = limit;
  }

  /** To be told of each request that stands in its queue. */
  published(service: string): void {
    if (this.#published.has(service) || this.#configured.has(service)) return;
    this.#published.add(service);
    if (this.#published.size <= this.#limit) return;
    for (const first of this.#published) {
      this.#published.delete(first);
      return;
    }
  }

  /** Their names, in alphabetical order. */
  get names(): string[] {
    return [...this.#configured, ...this.#published].sort();
  }
}
