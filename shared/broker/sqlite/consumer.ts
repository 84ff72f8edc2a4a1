import type { Delivery } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { type Claim, type Fetched, toDelivery } from "./fetch.ts";

/** The token of a delivery: what it is known by in the database, and to whom it was handed. */
export class Token {
  readonly claim: Claim;
  readonly consumer: Consumer;
  settled = false;

  constructor(claim: Claim, consumer: Consumer) {
    this.claim = claim;
    this.consumer = consumer;
  }

  /** Makes room for another delivery. */
  free(): void {
    this.consumer.held.delete(this);
  }
}

/** One `consume` of a work or dead-letter queue. */
export class Consumer {
  readonly queue: string;
  readonly prefetch: number;
  readonly buffer: DeliveryBuffer;
  /** What it was handed and has not settled, read or not. */
  readonly held = new Set<Token>();

  /** @param onEnd gets what was fetched for it and not read, no longer held. */
  constructor(queue: string, prefetch: number, onEnd: (unread: Claim[]) => void) {
    this.queue = queue;
    this.prefetch = prefetch;
    this.buffer = new DeliveryBuffer((unread) => onEnd(this.#disown(tokens(unread))));
  }

  /** How many deliveries it takes more. */
  get free(): number {
    return this.buffer.ended ? 0 : Math.max(0, this.prefetch - this.held.size);
  }

  push(fetched: Fetched): void {
    const token = new Token(fetched.claim, this);
    this.held.add(token);
    this.buffer.push(toDelivery(fetched, token));
  }

  /** Forgets what it has not read, because it is no longer ours. */
  dropUnread(): void {
    this.#disown(tokens(this.buffer.takeUnread()));
  }

  /** Takes away all that it holds; settling it later fails. */
  disown(): Claim[] {
    return this.#disown([...this.held]);
  }

  #disown(held: readonly Token[]): Claim[] {
    for (const token of held) {
      token.settled = true;
      token.free();
    }
    return held.map(({ claim }) => claim);
  }
}

function tokens(deliveries: readonly Delivery[]): Token[] {
  return deliveries.map(({ token }) => token).filter((token) => token instanceof Token);
}
