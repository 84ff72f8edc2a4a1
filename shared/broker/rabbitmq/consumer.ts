import type { AMQPMessage } from "@cloudamqp/amqp-client";
import type { ConsumeOptions } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { type BrokerError, QueueNotFoundError, ReplyQueueLostError } from "../errors.ts";
import type { AckFlush } from "./ack_flush.ts";
import { CancelWatch } from "./cancel_watch.ts";
import type { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import { type Lease, leaseOf, Link, noLease, releaseAll } from "./link.ts";
import { readMessage } from "./properties.ts";
import { brokerError, replyCodeOf, replyCodes } from "./refusal.ts";
import type { Topology } from "./topology.ts";
import { backoffMs, pause, within } from "../../waiting.ts";

const answerTimeoutMs = 10_000;
const mostPrefetch = 65_535;
/**
 * A quorum queue that is declared again within some 20 ms of its being deleted takes over the
 * consumers that the server has not told yet, and they get nothing any more.
 */
const afterCancelMs = 400;

/** What a consumer works with. */
export interface ConsumerOptions extends ConsumeOptions {
  readonly connection: Connection;
  readonly topology: Topology;
  readonly acks: AckFlush;
  readonly queue: string;
  /** The consumer's tag, as operators see it. */
  readonly tag: string;
}

/**
 * Consumes one queue on a channel of its own, and goes on after whatever ends that channel: waiting
 * for the connection, attached, detached (by a lost connection, a channel that the server closed, a
 * queue that was deleted), a pause, waiting for the connection ... The end, by the reader or by an
 * abort, cancels first, releases what nobody has read, and keeps the channel until all that was
 * read is settled.
 */
export class Consumer {
  readonly buffer: DeliveryBuffer;
  /** Resolves when it has ended, settled or not. */
  readonly ended: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #stop = new AbortController();
  readonly #noAck: boolean;
  readonly #late: Lease[] = [];
  #link: Link | undefined;
  /** The link that its end takes care of. */
  #finishing: Link | undefined;
  #disposed = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#noAck = options.topology.spec(options.queue)?.kind === "reply";
    this.buffer = new DeliveryBuffer((unread) => {
      this.#stop.abort();
      this.#finish(unread.map(({ token }) => leaseOf(token) ?? noLease));
    });
    const end = () => this.buffer.end();
    options.signal.addEventListener("abort", end);
    this.#stop.signal.addEventListener("abort", () => {
      options.signal.removeEventListener("abort", end);
    });
    if (options.signal.aborted) end();
    this.ended = this.#run();
  }

  /** Ends it because the connection is about to be closed, which releases everything. */
  end(): void {
    this.#disposed = true;
    this.buffer.end();
  }

  /** Ends it, and takes away what it holds. */
  dispose(): void {
    this.end();
    this.#link?.kill();
  }

  async #run(): Promise<void> {
    const { connection, queue } = this.#options;
    const { signal } = this.#stop;
    let started = false;
    for (let failures = 0; !signal.aborted; failures++) {
      const client = await connection.ready(signal).catch(() => undefined);
      if (!client) return this.buffer.end();
      try {
        const link = await this.#attach(client);
        started = true;
        failures = -1;
        const loss = await within(link.lost, { signals: [signal] }).catch(() => undefined);
        if (signal.aborted) return;
        link.close();
        if (loss === "cancelled") await pause(afterCancelMs, signal);
      } catch (error) {
        const fatal = finalError(error, queue, client.closed || started);
        if (fatal) return this.buffer.end(fatal);
      }
      this.#link = undefined;
      if (!this.#noAck) this.buffer.takeUnread();
      await pause(backoffMs(Math.max(0, failures)), signal);
    }
  }

  async #attach(client: Client): Promise<Link> {
    const { topology, queue } = this.#options;
    try {
      return await this.#consume(client);
    } catch (error) {
      const spec = topology.spec(queue);
      const code = client.closed ? 0 : replyCodeOf(error);
      const missing = code === replyCodes.notFound || code === replyCodes.resourceLocked;
      if (!spec || !missing || this.#stop.signal.aborted) throw error;
      await topology.declare(client, spec);
      return await this.#consume(client);
    }
  }

  async #consume(client: Client): Promise<Link> {
    const { queue, prefetch, tag } = this.#options;
    const limits = { ms: answerTimeoutMs };
    const channel = await within(client.channel(), limits);
    const link = new Link(channel, this.#options.acks, client.outbox);
    this.#link = link;
    channel.deliver = (message) => this.#deliver(message, link);
    const cancelled = new CancelWatch(channel, tag, () => link.close("cancelled"));
    channel.consumers.set(tag, cancelled);
    try {
      // In this order: the limit holds for the consumers that come after it.
      const limited = this.#noAck ? undefined : channel.basicQos(Math.min(prefetch, mostPrefetch));
      const consuming = channel.basicConsume(queue, { tag, noAck: this.#noAck }, () => {});
      await within(Promise.all([limited, consuming]), limits);
    } catch (error) {
      link.close();
      throw error;
    }
    channel.consumers.set(tag, cancelled);
    // What came with the server's answer may have been read, and be all that was wanted.
    if (this.buffer.ended && this.#finishing !== link) link.close();
    return link;
  }

  #deliver(received: AMQPMessage, link: Link): void {
    const { queue } = this.#options;
    const { message, attempt, redeliveries } = readMessage(received, queue);
    const lease = this.#noAck ? noLease : link.lease(received.deliveryTag);
    if (this.buffer.push({ queue, message, attempt, redeliveries, token: lease })) return;
    this.#late.push(lease);
  }

  async #finish(unread: readonly Lease[]): Promise<void> {
    const link = this.#link;
    if (!link?.alive || this.#disposed) return;
    this.#finishing = link;
    if (this.#noAck) return link.close();
    const cancelled = link.channel.basicCancel(this.#options.tag);
    await within(cancelled, { ms: answerTimeoutMs }).catch(() => {});
    releaseAll([...unread, ...this.#late.splice(0)].filter((lease) => lease.claim()));
    link.drain();
  }
}

/**
 * The error that consuming ends with, or undefined if it is worth another try.
 * @param started whether it may have been consumed before, or the connection is to blame.
 */
function finalError(error: unknown, queue: string, started: boolean): BrokerError | undefined {
  if (error instanceof ReplyQueueLostError) return error;
  if (started) return undefined;
  const code = replyCodeOf(error);
  if (code === replyCodes.notFound || code === replyCodes.resourceLocked) {
    return new QueueNotFoundError(queue);
  }
  return code === replyCodes.accessRefused ? brokerError(error) : undefined;
}
