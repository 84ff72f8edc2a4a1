import type { Message } from "../../shared/broker/broker.ts";
import { within } from "../../shared/waiting.ts";
import { WakeUp } from "../../shared/wake_up.ts";
import type { LogEntry, ResultLog } from "../../shared/results/log/result_log.ts";

/** A log in memory, as a broker would keep it; what it does can be watched and held up. */
export class MemoryLog implements ResultLog {
  attached = true;
  /** How often somebody has read from a time. */
  reads = 0;
  readonly #entries: (LogEntry & { readonly at: number })[] = [];
  readonly #readers = new Set<WakeUp>();
  #held: PromiseWithResolvers<void> | undefined;

  get length(): number {
    return this.#entries.length;
  }

  /** Holds up those who read from a time, until {@link release}. */
  hold(): void {
    this.#held = Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  append(message: Message): Promise<void> {
    // Offsets rise, though not by one.
    this.#entries.push({ message, offset: this.#entries.length * 3, at: Date.now() });
    for (const reader of this.#readers) reader.wake();
    return Promise.resolve();
  }

  async *tail(
    since: number | "now",
    signal: AbortSignal,
    onAttached: () => void = () => {},
  ): AsyncGenerator<LogEntry, void, undefined> {
    const wakeUp = new WakeUp();
    this.#readers.add(wakeUp);
    let next = since === "now" ? this.#entries.length : 0;
    onAttached();
    if (since !== "now") {
      this.reads++;
      if (this.#held) {
        const held = within(this.#held.promise, { signals: [signal] });
        await held.catch(() => {});
      }
    }
    try {
      for (; !signal.aborted;) {
        const entry = this.#entries[next];
        if (!entry) {
          await wakeUp.next([signal]);
          continue;
        }
        next++;
        if (since === "now" || entry.at >= since) yield entry;
      }
    } finally {
      this.#readers.delete(wakeUp);
    }
  }

  read(offset: number): Promise<Message | undefined> {
    return Promise.resolve(this.#entries.find((entry) => entry.offset === offset)?.message);
  }
}
