import type { Message, QueueSpec } from "../broker.ts";
import { type Entry, ReadyList } from "./ready_list.ts";

/** A consumer, as its queue sees it. */
export interface Subscriber {
  readonly hasRoom: boolean;
  take(entry: Entry): void;
}

/**
 * A queue. An entry is delayed, then ready, then with a subscriber, from where it leaves for
 * good or is given back; while it is ready it may expire.
 */
export class MemoryQueue {
  readonly spec: QueueSpec;
  readonly topics: Set<string> = new Set();
  readonly broadcasts: Set<string> = new Set();
  readonly #ready = new ReadyList();
  readonly #delayed = new Set<Entry>();
  readonly #onExpired: (message: Message) => void;
  #subscribers: Subscriber[] = [];
  #lastSequence = 0;
  #inFlight = 0;

  constructor(spec: QueueSpec, onExpired: (message: Message) => void) {
    this.spec = spec;
    this.#onExpired = onExpired;
  }

  get counts(): { ready: number; delayed: number; inFlight: number; consumers: number } {
    return {
      ready: this.#ready.size,
      delayed: this.#delayed.size,
      inFlight: this.#inFlight,
      consumers: this.#subscribers.length,
    };
  }

  /** When the oldest ready message became ready, epoch milliseconds. */
  get oldestReadyAt(): number | undefined {
    return this.#ready.oldest();
  }

  /** Adds a message at the end, after a delay in milliseconds. */
  add(message: Message, delayMs: number): void {
    const entry: Entry = { message, sequence: 0, redeliveries: 0, readyAt: 0 };
    if (delayMs <= 0) return this.#enter(entry);
    this.#delayed.add(entry);
    entry.timer = setTimeout(() => {
      this.#delayed.delete(entry);
      this.#enter(entry);
    }, delayMs);
  }

  /** Takes back an entry that a subscriber had, to its old place. */
  giveBack(entry: Entry): void {
    this.#inFlight--;
    this.#makeReady(entry);
  }

  /** Forgets an entry that a subscriber had. */
  forget(): void {
    this.#inFlight--;
  }

  subscribe(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber);
    this.deliver();
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#subscribers = this.#subscribers.filter((other) => other !== subscriber);
  }

  /** Hands out what is ready, in turns, to the subscribers that have room. */
  deliver(): void {
    while (this.#ready.size > 0) {
      const at = this.#subscribers.findIndex(({ hasRoom }) => hasRoom);
      const [subscriber] = at < 0 ? [] : this.#subscribers.splice(at, 1);
      if (!subscriber) return;
      this.#subscribers.push(subscriber);
      const entry = this.#ready.take();
      if (!entry) return;
      clearTimeout(entry.timer);
      this.#inFlight++;
      subscriber.take(entry);
    }
  }

  /** Stops its timers. */
  close(): void {
    for (const entry of [...this.#ready, ...this.#delayed]) clearTimeout(entry.timer);
  }

  #enter(entry: Entry): void {
    entry.sequence = ++this.#lastSequence;
    entry.readyAt = Date.now();
    this.#makeReady(entry);
  }

  #makeReady(entry: Entry): void {
    const { expiration } = entry.message;
    if (expiration !== undefined) {
      const left = entry.readyAt + expiration - Date.now();
      if (left <= 0) return this.#onExpired(entry.message);
      entry.timer = setTimeout(() => {
        this.#ready.remove(entry);
        this.#onExpired(entry.message);
      }, left);
    }
    this.#ready.add(entry);
    this.deliver();
  }
}
