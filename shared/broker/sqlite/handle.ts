import type {
  Address,
  Broker,
  BrokerOptions,
  BrokerStatus,
  Capabilities,
  ConsumeOptions,
  Delivery,
  Message,
  PublishOptions,
  QueueSpec,
  QueueStats,
  ReplyQueueSpec,
  Settlement,
  WorkQueueSpec,
} from "../broker.ts";
import type { ResultStore, ResultStoreOptions } from "../../results/result_store.ts";
import type { SpoolStore } from "../../spool/spool_store.ts";
import { BrokerUnavailableError, QueueNotFoundError } from "../errors.ts";
import { Consumer } from "./consumer.ts";
import type { Claim } from "./fetch.ts";
import { MAX_BODY, MAX_HEAD } from "./head.ts";
import type { Peer } from "./peer.ts";
import { releasePeer } from "./peers.ts";
import { publish } from "./publish.ts";
import { withdraw } from "./replies.ts";
import { SqliteResultStore } from "./result_store.ts";
import { MAX_DELAY, release } from "./settle.ts";
import { settleAll } from "./settling.ts";
import { SqliteSpoolStore } from "./spool_store.ts";
import { queueStats } from "./stats.ts";
import { whenUsable } from "./when_usable.ts";

const capabilities: Capabilities = {
  system: "sqlite",
  durable: true,
  shared: true,
  priorities: "strict",
  countsRedeliveries: true,
  delayResolutionMs: 1,
  maxDelayMs: MAX_DELAY,
  maxMessageBytes: MAX_BODY,
  maxHeaderBytes: MAX_HEAD,
};

/** One handle on a database file. Several in a process share its {@link Peer}. */
export class SqliteBroker implements Broker {
  readonly capabilities = capabilities;
  readonly #peer: Peer;
  readonly #onStatus: (status: BrokerStatus) => void;
  /** Those that still consume, or still hold something. */
  readonly #consumers = new Set<Consumer>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(peer: Peer, { onStatus }: BrokerOptions) {
    this.#peer = peer;
    this.#onStatus = (status) => onStatus?.(status);
    peer.status.listeners.add(this.#onStatus);
  }

  get status(): BrokerStatus {
    return this.#closed ? { connected: false, detail: "closed" } : this.#peer.status.now;
  }

  async declare(spec: QueueSpec, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const closing = this.#closing.signal;
    const either = signal ? AbortSignal.any([signal, closing]) : closing;
    await whenUsable(
      this.#peer,
      either,
      () => spec.kind === "work" ? this.#declareWork(spec) : this.#declareReply(spec),
    );
  }

  async publish(
    to: Address,
    messages: readonly Message[],
    options: PublishOptions = {},
  ): Promise<void> {
    this.#assertOpen();
    await publish(this.#peer, to, messages, options);
  }

  consume(queue: string, { prefetch, signal }: ConsumeOptions): AsyncIterable<Delivery> {
    this.#assertOpen();
    if (!(prefetch >= 1)) throw new RangeError(`prefetch is ${prefetch}, and has to be at least 1`);
    const local = this.#peer.replies.get(queue);
    if (local?.owner === this) {
      const buffer = local.read(() => {
        signal.removeEventListener("abort", stop);
        this.#peer.consumersChanged();
      });
      const stop = () => buffer.end();
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
      this.#peer.consumersChanged();
      return buffer;
    }
    const consumer = new Consumer(queue, prefetch, (unread) => {
      signal.removeEventListener("abort", stop);
      this.#ended(consumer, unread);
    });
    const stop = () => consumer.buffer.end();
    this.#consumers.add(consumer);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    else void this.#start(consumer);
    return consumer.buffer;
  }

  async settle(settlements: readonly Settlement[]): Promise<void> {
    this.#assertOpen();
    try {
      await settleAll(this.#peer, this.#consumers, settlements);
    } finally {
      for (const consumer of this.#consumers) {
        if (consumer.buffer.ended && consumer.held.size === 0) this.#consumers.delete(consumer);
      }
    }
  }

  async stats(queue: string): Promise<QueueStats> {
    this.#assertOpen();
    const peer = this.#peer;
    await peer.catchUp();
    return peer.read((connection) => {
      const found = peer.queues.find(queue);
      if (!found) throw new QueueNotFoundError(queue);
      return connection.snapshot(() => queueStats(connection, found, Date.now()));
    });
  }

  results(options: ResultStoreOptions): ResultStore {
    this.#assertOpen();
    return new SqliteResultStore(this.#peer, options, this.#closing.signal);
  }

  spools(): SpoolStore {
    return new SqliteSpoolStore(this.#peer, this.#closing.signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const peer = this.#peer;
    this.#closing.abort(closedError());
    peer.status.listeners.delete(this.#onStatus);
    const names = peer.replies.close(this);
    for (const { buffer } of this.#consumers) buffer.end();
    const held = [...this.#consumers].flatMap((consumer) => consumer.disown());
    this.#consumers.clear();
    await this.#giveBack(held, 1, names);
    await releasePeer(peer.path);
  }

  async #declareWork(spec: WorkQueueSpec): Promise<void> {
    const peer = this.#peer;
    if (!peer.read(() => peer.queues.isDeclared(spec))) {
      await peer.write(() => peer.queues.declare(spec), { durable: true });
    }
    peer.declared.set(spec.name, spec);
  }

  async #declareReply(spec: ReplyQueueSpec): Promise<void> {
    const { replies } = this.#peer;
    await this.#peer.write(
      (connection) => replies.announce(connection, this.#peer.client, spec, this),
      { durable: false },
    );
    if (this.#closed) await this.#giveBack([], 0, [spec.name]);
    else replies.open(spec, this);
  }

  /** Enters a consumer when the database can be used. */
  async #start(consumer: Consumer): Promise<void> {
    const peer = this.#peer;
    try {
      const queue = await whenUsable(
        peer,
        this.#closing.signal,
        () => peer.read(() => peer.queues.find(consumer.queue)),
      );
      if (!queue) throw new QueueNotFoundError(consumer.queue);
      if (consumer.buffer.ended) return;
      peer.consumers.add(queue, consumer);
      peer.consumersChanged();
    } catch (error) {
      if (!this.#closed) consumer.buffer.end(error);
    }
  }

  #ended(consumer: Consumer, unread: readonly Claim[]): void {
    if (consumer.held.size === 0) this.#consumers.delete(consumer);
    this.#peer.consumers.remove(consumer);
    this.#peer.consumersChanged();
    void this.#giveBack(unread, 0);
  }

  /** Releases what is held, and withdraws reply queues; what fails is made up for later. */
  async #giveBack(claims: readonly Claim[], counted: 0 | 1, names: string[] = []): Promise<void> {
    if (claims.length + names.length === 0) return;
    const peer = this.#peer;
    try {
      await peer.write((connection) => {
        for (const claim of claims) {
          if (release(connection, claim, counted)) peer.touch(claim.queue.id);
        }
        withdraw(connection, names);
      }, { durable: false });
    } catch {
      peer.abandon(claims);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function closedError(): BrokerUnavailableError {
  return new BrokerUnavailableError("the broker handle is closed");
}
