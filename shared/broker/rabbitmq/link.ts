import type { AMQPChannel } from "@cloudamqp/amqp-client";
import type { AckFlush } from "./ack_flush.ts";

/** A delivery's right to be settled: given once, and void when its channel is gone. */
export interface Lease {
  /** Takes the right. Returns false if it was taken before, or is void. */
  claim(): boolean;
  /** Whether what was claimed can still be settled. */
  readonly alive: boolean;
  ack(): void;
  /** Back to the queue. */
  release(): void;
  /** Away from the queue, to where the server moves what is rejected. */
  reject(): void;
}

/** Why nothing is delivered any more: the server cancelled the consumer, or the channel is closed. */
export type Loss = "cancelled" | "closed";

/** One channel of a consumer, from its opening to its loss, and the account of what it delivered. */
export class Link {
  readonly channel: AMQPChannel;
  /** Resolves when nothing is delivered here any more. */
  readonly lost: Promise<Loss>;
  readonly acks: AckFlush;
  #alive = true;
  #draining = false;
  /** The tags of what is not settled, from the first delivered to the last. */
  readonly #unsettled = new Set<number>();
  readonly #lose: (loss: Loss) => void;

  constructor(channel: AMQPChannel, acks: AckFlush) {
    const { promise, resolve } = Promise.withResolvers<Loss>();
    this.channel = channel;
    this.lost = promise;
    this.acks = acks;
    this.#lose = resolve;
    channel.onerror = () => this.kill();
  }

  get alive(): boolean {
    return this.#alive && !this.channel.closed;
  }

  /** Opens the account of a delivery. */
  lease(tag: number): Lease {
    this.#unsettled.add(tag);
    return new LinkLease(this, tag);
  }

  /** Counts a delivery as settled. */
  settled(tag: number): void {
    this.#unsettled.delete(tag);
    if (this.#draining && this.#unsettled.size === 0) this.acks.afterwards(() => this.close());
  }

  /**
   * Gives back deliveries. The first that were delivered go back together: one by one, they would
   * each make a classic queue put its messages in order again.
   */
  release(tags: readonly number[]): void {
    const sorted = tags.toSorted((a, b) => a - b);
    const [last, ...others] = sorted.toReversed();
    const first = this.#unsettled.values().take(sorted.length).toArray();
    if (last !== undefined && others.length > 0 && first.at(-1) === last) {
      this.channel.basicNack(last, true, true).catch(() => {});
    } else {
      for (const tag of sorted) this.channel.basicNack(tag, true).catch(() => {});
    }
    for (const tag of sorted) this.settled(tag);
  }

  /** Nothing more will be delivered: closes the channel when all is settled, and has arrived. */
  drain(): void {
    this.#draining = true;
    if (this.#unsettled.size === 0) this.acks.afterwards(() => this.close());
  }

  /** Closes the channel; the server puts back what is not settled. */
  close(loss: Loss = "closed"): void {
    if (this.alive) this.channel.close().catch(() => {});
    this.kill(loss);
  }

  /** Takes the channel for lost. */
  kill(loss: Loss = "closed"): void {
    this.#alive = false;
    this.#lose(loss);
  }
}

class LinkLease implements Lease {
  readonly link: Link;
  readonly tag: number;
  #claimed = false;

  constructor(link: Link, tag: number) {
    this.link = link;
    this.tag = tag;
  }

  get alive(): boolean {
    return this.link.alive;
  }

  claim(): boolean {
    if (this.#claimed || !this.link.alive) return false;
    this.#claimed = true;
    return true;
  }

  ack(): void {
    this.link.channel.basicAck(this.tag).catch(() => {});
    this.link.acks.sent();
    this.link.settled(this.tag);
  }

  release(): void {
    this.link.release([this.tag]);
  }

  reject(): void {
    this.link.channel.basicReject(this.tag, false).catch(() => {});
    this.link.acks.sent();
    this.link.settled(this.tag);
  }
}

/** Gives back deliveries that were claimed, of any links. */
export function releaseAll(leases: readonly Lease[]): void {
  const tags = new Map<Link, number[]>();
  for (const lease of leases) {
    if (!(lease instanceof LinkLease)) continue;
    const { link, tag } = lease;
    const others = tags.get(link);
    if (others) others.push(tag);
    else tags.set(link, [tag]);
  }
  for (const [link, some] of tags) link.release(some);
}

/** For deliveries of a queue that needs no settling. */
export const noLease: Lease = {
  claim: () => true,
  alive: true,
  ack: () => {},
  release: () => {},
  reject: () => {},
};

/** The lease in a delivery's token, if this driver made the token. */
export function leaseOf(token: unknown): Lease | undefined {
  return token instanceof LinkLease || token === noLease ? token as Lease : undefined;
}
