import type { Message } from "../broker.ts";

/** A message in a queue. */
export interface Entry {
  readonly message: Message;
  /** Its place in the queue, which it keeps when it is given back. */
  sequence: number;
  /** Times it was handed out and came back unsettled. */
  redeliveries: number;
  /** When it first became ready, epoch milliseconds. */
  readyAt: number;
  /** The timer that ends its delay or its life. */
  timer?: ReturnType<typeof setTimeout>;
}

/** The entries ready for delivery: the highest priority first, the oldest first within it. */
export class ReadyList {
  readonly #levels: Entry[][] = Array.from({ length: 10 }, () => []);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: Entry): void {
    const level = this.#levelOf(entry);
    const before = level.findLastIndex(({ sequence }) => sequence < entry.sequence);
    level.splice(before + 1, 0, entry);
    this.#size++;
  }

  take(): Entry | undefined {
    const entry = this.#levels.findLast((level) => level.length > 0)?.shift();
    if (entry) this.#size--;
    return entry;
  }

  remove(entry: Entry): void {
    const level = this.#levelOf(entry);
    const at = level.indexOf(entry);
    if (at < 0) return;
    level.splice(at, 1);
    this.#size--;
  }

  /** The earliest {@link Entry.readyAt}, epoch milliseconds. */
  oldest(): number | undefined {
    const heads = this.#levels.flatMap((level) => level.slice(0, 1));
    return heads.length > 0 ? Math.min(...heads.map(({ readyAt }) => readyAt)) : undefined;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const level of this.#levels) yield* level;
  }

  #levelOf({ message: { priority = 0 } }: Entry): Entry[] {
    return this.#levels[Math.min(Math.max(Math.trunc(priority), 0), 9)] ?? [];
  }
}
