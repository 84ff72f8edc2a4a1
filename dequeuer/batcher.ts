/**
 * Why a batch was flushed: it has as many items as it may, or as many bytes; its first item has
 * waited for as long as it may; there was nothing to wait for; nothing more comes.
 */
export type FlushReason = "full" | "bytes" | "linger" | "idle" | "end";

/** The reasons, as in metrics. */
export const flushReasons: readonly FlushReason[] = ["full", "bytes", "linger", "idle", "end"];

/** Items that go together. */
export interface Batch<T> {
  /** What its items have in common. */
  readonly key: string;
  /** At least one, in the order in which they came. */
  readonly items: readonly T[];
  /** Why it was flushed. */
  readonly reason: FlushReason;
  /** How long its first item waited, milliseconds. */
  readonly waitMs: number;
}

/** How {@link batch} makes batches. */
export interface BatchOptions<T> {
  /**
   * The most items in a batch, at least 1; a function is asked whenever it matters, with the
   * oldest item that waits.
   */
  readonly maxItems: number | ((first: T) => number);
  /** The most that a batch's items may take together; a larger item is a batch of its own. */
  readonly maxBytes?: number;
  /** How long an item may wait for others, milliseconds, when somebody waits for the batch. */
  readonly lingerMs: number;
  /** Items go together with those of the same key. @default one key for all */
  readonly key?: (item: T) => string;
  /** What an item takes of `maxBytes`. @default nothing */
  readonly size?: (item: T) => number;
  /**
   * When a batch that could take more is due, on the clock of `performance.now()`.
   * @param firstAt when its first item came.
   * @default lingerMs after `firstAt`
   */
  readonly dueAt?: (key: string, firstAt: number, now: number) => number;
  /** Ends all waiting: from then on whatever there is goes at once, until the source ends. */
  readonly signal?: AbortSignal;
}

/**
 * Groups what comes from a source. It reads ahead of its reader, so that items gather while the
 * reader is busy: the source bounds how many are held. A batch is made when the reader asks for
 * one, of the key whose oldest item came first among those that are full or due.
 *
 * The read of the source that is pending stays so whatever is flushed meanwhile: no item is lost
 * between two batches. When the source ends, or throws, what is held is flushed before that is
 * passed on. Leaving the loop early drops what is held.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { batch } from "proxymq";
 *
 * async function* rows() {
 *   for (let row = 1; row <= 5; row++) yield row;
 * }
 *
 * const batches: (readonly number[])[] = [];
 * for await (const { items } of batch(rows(), { maxItems: 2, lingerMs: 5 })) batches.push(items);
 * assert.deepEqual(batches, [[1, 2], [3, 4], [5]]);
 * ```
 */
export function batch<T>(
  source: AsyncIterable<T>,
  options: BatchOptions<T>,
): AsyncIterableIterator<Batch<T>> {
  return new Batcher(source, options);
}

interface Held<T> {
  readonly item: T;
  readonly size: number;
  readonly at: number;
}

/** The items of one key that wait, the oldest first; never empty. */
interface Group<T> {
  readonly key: string;
  readonly held: Held<T>[];
  bytes: number;
}

interface Pull<T> {
  resolve(result: IteratorResult<Batch<T>, undefined>): void;
  reject(error: unknown): void;
}

class Batcher<T> implements AsyncIterableIterator<Batch<T>> {
  readonly #source: AsyncIterator<T>;
  readonly #options: BatchOptions<T>;
  readonly #groups = new Map<string, Group<T>>();
  readonly #pulls: Pull<T>[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires; Infinity without one. */
  #timerAt = Infinity;
  #turn: ReturnType<typeof setImmediate> | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(source: AsyncIterable<T>, options: BatchOptions<T>) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
    options.signal?.addEventListener("abort", this.#aborted, { once: true });
    void this.#read();
  }

  next(): Promise<IteratorResult<Batch<T>, undefined>> {
    return new Promise((resolve, reject) => {
      this.#pulls.push({ resolve, reject });
      this.#serve((group, now) => this.#isOverdue(group, now));
    });
  }

  async return(): Promise<IteratorResult<Batch<T>, undefined>> {
    this.#groups.clear();
    this.#end();
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #read(): Promise<void> {
    try {
      while (!this.#ended) {
        const { done, value } = await this.#source.next();
        if (done || this.#ended) break;
        this.#add(value);
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#options.signal?.removeEventListener("abort", this.#aborted);
    this.#serve();
  }

  #add(item: T): void {
    const { key: keyOf, size: sizeOf } = this.#options;
    const key = keyOf?.(item) ?? "";
    const size = sizeOf?.(item) ?? 0;
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, group = { key, held: [], bytes: 0 });
    group.held.push({ item, size, at: performance.now() });
    group.bytes += size;
    if (this.#pulls.length === 0) return;
    if (this.#overLimit(group)) this.#serve();
    else this.#schedule();
  }

  /** Gives out what is due to those who wait for it. */
  readonly #serve = (isDue = (group: Group<T>, now: number) => this.#isDue(group, now)): void => {
    while (this.#pulls.length > 0) {
      const now = performance.now();
      const group = this.#first((group) => isDue(group, now));
      if (group) {
        const value = this.#cut(group, now);
        this.#pulls.shift()?.resolve({ done: false, value });
      } else if (this.#ended && this.#groups.size === 0) {
        const failure = this.#failure;
        this.#failure = undefined;
        const pull = this.#pulls.shift();
        if (failure) pull?.reject(failure.error);
        else pull?.resolve({ done: true, value: undefined });
      } else {
        break;
      }
    }
    this.#schedule();
  };

  readonly #aborted = (): void => this.#serve();

  #schedule(): void {
    if (this.#turn !== undefined) return;
    const now = performance.now();
    let first = Infinity;
    if (this.#pulls.length > 0) {
      for (const group of this.#groups.values()) first = Math.min(first, this.#dueAt(group, now));
    }
    // Most items change nothing: a timer of its own for each would cost more than they do.
    if (first > now && first === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = first;
    if (first === Infinity) return;
    if (first > now) {
      this.#timer = setTimeout(() => {
        this.#timerAt = Infinity;
        this.#serve();
      }, Math.ceil(first - now));
      return;
    }
    // What has arrived in the same turn of the event loop comes along, and costs no time.
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#serve();
    });
  }

  /** Of the groups that are due the one whose first item came first. */
  #first(isDue: (group: Group<T>) => boolean): Group<T> | undefined {
    let first: Group<T> | undefined;
    for (const group of this.#groups.values()) {
      if (first !== undefined && firstAt(first) <= firstAt(group)) continue;
      if (isDue(group)) first = group;
    }
    return first;
  }

  /** Whether it is due whatever else comes in this turn of the event loop. */
  #isOverdue(group: Group<T>, now: number): boolean {
    if (this.#overLimit(group)) return true;
    const due = this.#dueAt(group, now);
    return due === -Infinity || (due <= now && now - firstAt(group) >= this.#options.lingerMs);
  }

  #isDue(group: Group<T>, now: number): boolean {
    return this.#overLimit(group) || this.#dueAt(group, now) <= now;
  }

  #overLimit({ held, bytes }: Group<T>): boolean {
    return held.length >= this.#maxItems(held) || bytes >= (this.#options.maxBytes ?? Infinity);
  }

  #dueAt(group: Group<T>, now: number): number {
    const { lingerMs, dueAt, signal } = this.#options;
    if (this.#ended || signal?.aborted) return -Infinity;
    const at = firstAt(group);
    return dueAt ? dueAt(group.key, at, now) : at + lingerMs;
  }

  #cut(group: Group<T>, now: number): Batch<T> {
    const { maxBytes = Infinity, lingerMs, signal } = this.#options;
    const { key, held } = group;
    const maxItems = this.#maxItems(held);
    const waitMs = now - firstAt(group);
    let count = 0;
    let bytes = 0;
    for (const { size } of held) {
      if (count >= maxItems || (count > 0 && bytes + size > maxBytes)) break;
      count++;
      bytes += size;
    }
    const full = count >= maxItems;
    const reason = full
      ? "full"
      : count < held.length || bytes >= maxBytes
      ? "bytes"
      : this.#ended || signal?.aborted
      ? "end"
      : waitMs >= lingerMs
      ? "linger"
      : "idle";
    const items = held.splice(0, count).map(({ item }) => item);
    group.bytes -= bytes;
    if (held.length === 0) this.#groups.delete(key);
    return { key, items, reason, waitMs };
  }

  #maxItems([first]: readonly Held<T>[]): number {
    const { maxItems } = this.#options;
    if (typeof maxItems === "number") return Math.max(1, maxItems);
    return first ? Math.max(1, maxItems(first.item)) : 1;
  }
}

function firstAt({ held: [first] }: Group<unknown>): number {
  return first?.at ?? Infinity;
}
