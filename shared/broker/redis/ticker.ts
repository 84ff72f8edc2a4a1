import { BrokerUnavailableError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { doDue } from "./due.ts";

/** How long what another client has made due may have to wait, where somebody consumes. */
const consumingEveryMs = 1000;
const elseEveryMs = 5000;

/** What a {@link Ticker} works with. */
export interface TickerOptions {
  readonly connection: Connection;
  /** The queues that are looked after. */
  readonly queues: () => ReadonlySet<string>;
  readonly consuming: () => boolean;
  /** Told of those that are not there. */
  readonly onMissing: (queue: string) => void;
}

/**
 * Sees that what is due is done, by one timer: when the earliest is due that this client knows of,
 * and every now and then for what others have made due. Any client does it for all of them, and it
 * makes no difference how many do.
 */
export class Ticker implements Disposable {
  readonly #options: TickerOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until when queues are looked after that others declared and consume. */
  readonly #others = new Map<string, number>();
  #nextAt = Infinity;
  #ticking = false;
  #closed = false;

  constructor(options: TickerOptions) {
    this.#options = options;
    this.in(0);
  }

  /** Something is due in so many milliseconds, in a queue that is looked after or in this one. */
  in(ms: number, queue?: string): void {
    const at = performance.now() + ms;
    if (queue !== undefined) this.#others.set(queue, Math.max(at, this.#others.get(queue) ?? 0));
    if (this.#closed || at >= this.#nextAt) return;
    this.#nextAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), Math.ceil(ms));
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #tick(): Promise<void> {
    const { connection, queues, consuming, onMissing } = this.#options;
    this.#nextAt = Infinity;
    if (this.#ticking) return this.in(10);
    this.#ticking = true;
    const start = performance.now();
    let next = consuming() ? consumingEveryMs : elseEveryMs;
    try {
      const names = [...new Set([...queues(), ...this.#others.keys()])];
      if (connection.connected && names.length > 0) {
        for (const [at, due] of (await doDue(connection, names)).entries()) {
          if (due === "missing") onMissing(names[at] ?? "");
          else next = Math.min(next, due.nextMs ?? next);
        }
      }
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError)) next = consumingEveryMs;
    } finally {
      for (const [queue, until] of this.#others) if (until < start) this.#others.delete(queue);
      this.#ticking = false;
      this.in(next);
    }
  }
}
