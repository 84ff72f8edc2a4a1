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
  #unsettled = 0;
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
    this.#unsettled++;
    return new LinkLease(this, tag);
  }

  /** Counts a delivery as settled. */
  settled(): void {
    this.#unsettled--;
    if (this.#draining && this.#unsettled === 0) this.acks.afterwards(() => this.close());
  }

  /** Nothing more will be delivered: closes the channel when all is settled, and has arrived. */
  drain(): void {
    this.#draining = true;
    if (this.#unsettled === 0) this.acks.afterwards(() => this.close());
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
  readonly #link: Link;
  readonly #tag: number;
  #claimed = false;

  constructor(link: Link, tag: number) {
    this.#link = link;
    this.#tag = tag;
  }

  get alive(): boolean {
    return this.#link.alive;
  }

  claim(): boolean {
    if (this.#claimed || !this.#link.alive) return false;
    this.#claimed = true;
    return true;
  }

  ack(): void {
    this.#link.channel.basicAck(this.#tag).catch(() => {});
    this.#link.acks.sent();
    this.#link.settled();
  }

  release(): void {
    this.#link.channel.basicNack(this.#tag, true).catch(() => {});
    this.#link.settled();
  }

  reject(): void {
    this.#link.channel.basicReject(this.#tag, false).catch(() => {});
    this.#link.acks.sent();
    this.#link.settled();
  }
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
