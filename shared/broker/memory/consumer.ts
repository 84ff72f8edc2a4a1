import { ATTEMPT, type ConsumeOptions, type Delivery } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import type { MemoryQueue, Subscriber } from "./queue.ts";
import type { Entry } from "./ready_list.ts";

/** The token of a delivery. */
export class Lease {
  readonly consumer: Consumer;
  readonly entry: Entry;

  constructor(consumer: Consumer, entry: Entry) {
    this.consumer = consumer;
    this.entry = entry;
  }
}

/** One consumer of one queue, from the start of the iteration until all it held is settled. */
export class Consumer implements Subscriber {
  readonly queue: MemoryQueue;
  readonly deliveries: DeliveryBuffer;
  readonly #prefetch: number;
  readonly #held = new Set<Lease>();

  constructor(queue: MemoryQueue, { prefetch, signal }: ConsumeOptions) {
    this.queue = queue;
    this.#prefetch = queue.spec.kind === "reply" ? Infinity : prefetch;
    const end = () => this.deliveries.end();
    this.deliveries = new DeliveryBuffer((unread) => {
      signal.removeEventListener("abort", end);
      queue.unsubscribe(this);
      this.#giveBack(unread.map(({ token }) => token));
    });
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    else queue.subscribe(this);
  }

  get hasRoom(): boolean {
    return this.#held.size < this.#prefetch;
  }

  /** Whether it has ended and holds nothing. */
  get isDone(): boolean {
    return this.deliveries.ended && this.#held.size === 0;
  }

  take(entry: Entry): void {
    const token = new Lease(this, entry);
    if (this.queue.spec.kind === "reply") this.queue.forget();
    else this.#held.add(token);
    const { message, redeliveries } = entry;
    const attempt = Number(message.headers[ATTEMPT] ?? 1);
    const delivery: Delivery = {
      queue: this.queue.spec.name,
      message,
      attempt,
      redeliveries,
      token,
    };
    this.deliveries.push(delivery);
  }

  /** Gives up a lease. Returns false if it was given up before. */
  letGo(lease: Lease): boolean {
    return this.#held.delete(lease);
  }

  /** Ends it, and gives back all that it holds. */
  close(): void {
    this.deliveries.end();
    for (const { entry } of this.#held) entry.redeliveries++;
    this.#giveBack([...this.#held]);
  }

  #giveBack(tokens: readonly unknown[]): void {
    const leases = tokens.filter((token) => token instanceof Lease);
    for (const lease of leases) {
      if (this.letGo(lease)) this.queue.giveBack(lease.entry);
    }
  }
}
