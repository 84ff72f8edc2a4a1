import type { AMQPChannel } from "@cloudamqp/amqp-client";
import type { AckFlush } from "./ack_flush.ts";
import type { Outbox } from "./outbox.ts";

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

/**
 * One channel of a consumer, from its opening to its loss, and the account of what it delivered. What
 * is acknowledged in a turn of the event loop is told together: a quorum queue logs each
 * acknowledgement by itself, whether it is of one message or of many.
 */
export class Link {
  readonly channel: AMQPChannel;
  /** Resolves when nothing is delivered here any more. */
  readonly lost: Promise<Loss>;
  readonly #acks: AckFlush;
  #alive = true;
  #draining = false;
  /** The tags of what is not settled, from the first delivered to the last. */
  readonly #unsettled = new Set<number>();
  /** The tags of what was acknowledged in this turn. */
  #acknowledged: number[] = [];
  readonly #outbox: Pick<Outbox, "atEnd">;
  readonly #tell = (): void => this.#tellAcknowledged();
  readonly #lose: (loss: Loss) => void;

  /** @param outbox of the channel's connection. */
  constructor(channel: AMQPChannel, acks: AckFlush, outbox: Pick<Outbox, "atEnd">) {
    const { promise, resolve } = Promise.withResolvers<Loss>();
    this.channel = channel;
    this.lost = promise;
    this.#acks = acks;
    this.#outbox = outbox;
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

  /** Acknowledges a delivery at the end of this turn. */
  ack(tag: number): void {
    if (this.#acknowledged.push(tag) === 1) this.#outbox.atEnd(this.#tell);
    this.#acks.sent();
    this.#settled(tag);
  }

  /** Puts a delivery to where the server moves what is rejected. */
  reject(tag: number): void {
    this.channel.basicReject(tag, false).catch(() => {});
    this.#acks.sent();
    this.#settled(tag);
  }

  #settled(tag: number): void {
    this.#unsettled.delete(tag);
    if (this.#draining && this.#unsettled.size === 0) this.#acks.afterwards(() => this.close());
  }

  /**
   * Gives back deliveries. The first that were delivered go back together: one by one, they would
   * each make a classic queue put its messages in order again.
   */
  release(tags: readonly number[]): void {
    this.#tellAcknowledged();
    const sorted = tags.toSorted((a, b) => a - b);
    const [last, ...others] = sorted.toReversed();
    const first = this.#unsettled.values().take(sorted.length).toArray();
    if (last !== undefined && others.length > 0 && first.at(-1) === last) {
      this.channel.basicNack(last, true, true).catch(() => {});
    } else {
      for (const tag of sorted) this.channel.basicNack(tag, true).catch(() => {});
    }
    for (const tag of sorted) this.#settled(tag);
  }

  /** Nothing more will be delivered: closes the channel when all is settled, and has arrived. */
  drain(): void {
    this.#draining = true;
    if (this.#unsettled.size === 0) this.#acks.afterwards(() => this.close());
  }

  /** Closes the channel; the server puts back what is not settled. */
  close(loss: Loss = "closed"): void {
    this.#tellAcknowledged();
    if (this.alive) this.channel.close().catch(() => {});
    this.kill(loss);
  }

  /** Takes the channel for lost. */
  kill(loss: Loss = "closed"): void {
    this.#tellAcknowledged();
    this.#alive = false;
    this.#lose(loss);
  }

  /** All that was delivered before the first that is not settled goes by one acknowledgement. */
  #tellAcknowledged(): void {
    const tags = this.#acknowledged;
    if (tags.length === 0) return;
    this.#acknowledged = [];
    if (!this.alive) return;
    const [first = Infinity] = this.#unsettled;
    const together = tags.filter((tag) => tag < first);
    const last = Math.max(...together);
    if (together.length > 0) this.channel.basicAck(last, together.length > 1).catch(() => {});
    for (const tag of tags) if (tag > first) this.channel.basicAck(tag).catch(() => {});
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
    this.link.ack(this.tag);
  }

  release(): void {
    this.link.release([this.tag]);
  }

  reject(): void {
    this.link.reject(this.tag);
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
