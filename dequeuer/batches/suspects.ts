/** How many requests are remembered at most. */
const mostIds = 10_000;

/**
 * Remembers the requests that were in a batch which failed as a whole, and how large a batch each
 * may be in when it comes again: half as large each time, until whoever is to blame stands alone,
 * and only then uses up attempts.
 */
export class Suspects {
  readonly #limits = new Map<string, number>();

  /** The largest batch that a request may be in; Infinity if nothing is held against it. */
  limit(id: string | undefined): number {
    return id === undefined ? Infinity : this.#limits.get(id) ?? Infinity;
  }

  /** Requests were together in a batch of that size, which failed as a whole. */
  suspect(ids: readonly string[], size: number): void {
    const limit = Math.max(1, Math.floor(size / 2));
    for (const id of ids) {
      this.#limits.delete(id);
      const [oldest] = this.#limits.keys();
      if (oldest !== undefined && this.#limits.size >= mostIds) this.#limits.delete(oldest);
      this.#limits.set(id, limit);
    }
  }

  /** A request has got an answer of its own. */
  clear(id: string | undefined): void {
    if (id !== undefined) this.#limits.delete(id);
  }
}
