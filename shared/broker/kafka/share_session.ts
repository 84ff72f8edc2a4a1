import { type Connection, Reader, readRecordsBatches } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { WakeUp } from "../../wake_up.ts";
import { pause } from "../../waiting.ts";
import { BrokerUnavailableError, DeliveryLostError, QueueNotFoundError } from "../errors.ts";
import { type Ack, batchAcks } from "./acks.ts";
import type { Topic } from "./cluster.ts";
import { Lease, type LeaseHolder } from "./lease.ts";
import { readRecords } from "./record.ts";
import { isMissingTopic, isMoved, refused } from "./refusal.ts";
import {
  acknowledgements,
  shareAcknowledge,
  shareFetch,
  type ShareFetchAnswer,
  type SharePartition,
} from "./share_apis.ts";

/** How long a server keeps a fetch that finds nothing, milliseconds. */
const idleWaitMs = 250;
const leastWaitMs = 5;
/** The wait is this part of the time since something came, or was settled, last. */
const waitShare = 4;
const maxBytes = 32 * 2 ** 20;
const gap = 0;
const closes = -1;
/** How often a partition may have trouble of its own before the session is given up. */
const mostTroubles = 100;
const troublePauseMs = 20;

/** What a session may fetch. */
export interface Wanted {
  readonly partitions: readonly number[];
  /** How many records at most. */
  readonly most: number;
}

/** What is given up: nothing, fetching, or what is held too. */
export type Stopping = "no" | "fetching" | "all";

/** Where a session's records go. */
export interface Intake {
  /** What may be fetched now; it is promised until it is given back. */
  want(partitions: readonly number[]): Wanted | undefined;
  /** Takes what came of what was promised. */
  take(leases: readonly Lease[], wanted: Wanted): void;
}

/** What a session is made of. */
export interface SessionOptions {
  readonly group: string;
  readonly member: string;
  readonly topic: Topic;
  /** Those that the server leads. */
  readonly partitions: readonly number[];
  readonly connection: Connection;
  readonly intake: Intake;
}

interface Pending extends Ack {
  readonly lease: Lease | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A share session with one server, for the time of one connection. A fetch and an acknowledgement
 * exclude each other: the server gives the answer to a fetch up when the session has gone on
 * meanwhile, and what it had acquired with it. So what is to be acknowledged waits for the fetch that
 * is under way, which waits the shorter the more likely that is.
 */
export class ShareSession implements LeaseHolder {
  readonly #options: SessionOptions;
  readonly #held = new Set<Lease>();
  readonly #fetched = new Set<number>();
  readonly #wakeUp = new WakeUp();
  readonly #never = new AbortController().signal;
  #pending: Pending[] = [];
  #epoch = 0;
  #lockMs = 15_000;
  #renewedAt = performance.now();
  #activeAt = -Infinity;
  #stopping: Stopping = "no";
  #lost = false;
  #troubles = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** There may be something to do. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /** Fetches nothing more, and ends when nothing is held; or at once, by giving it back. */
  stop(what: Stopping): void {
    this.#stopping = what;
    this.wake();
  }

  acknowledge(lease: Lease, type: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#lost) {
      lease.end();
      reject(new DeliveryLostError("the connection that it came by is lost"));
    } else {
      // What is being settled makes room: the fetch that asks for more goes with it.
      if (type !== acknowledgements.renew) {
        lease.leave();
        this.#activeAt = performance.now();
      }
      this.#pending.push({
        lease,
        partition: lease.partition,
        offset: lease.record.offset,
        type,
        resolve,
        reject,
      });
      this.wake();
    }
    return promise;
  }

  /**
   * Runs it to its end.
   * @throws {QueueNotFoundError} the topic is not there any more.
   * @throws {BrokerUnavailableError} the connection or the session is lost.
   */
  async run(): Promise<void> {
    const { connection } = this.#options;
    const onClose = () => this.wake();
    connection.once("close", onClose);
    const timer = setInterval(() => this.wake(), this.#lockMs / 6);
    try {
      await this.#pump();
    } finally {
      clearInterval(timer);
      this.#lost = true;
      connection.close(() => {});
      connection.socket?.destroy();
      for (const lease of this.#held) lease.end();
      this.#held.clear();
      const error = new BrokerUnavailableError("the connection was lost before it was settled");
      for (const { reject } of this.#pending.splice(0)) reject(error);
    }
  }

  async #pump(): Promise<void> {
    const { intake, partitions, connection } = this.#options;
    for (;;) {
      if (!connection.isConnected()) throw new BrokerUnavailableError("the connection was closed");
      if (this.#stopping === "all") return await this.#close();
      this.#renew();
      const acks = this.#pending.splice(0);
      try {
        const stopping = this.#stopping !== "no";
        if (stopping && acks.length === 0 && this.#held.size === 0) return await this.#close();
        const renews = acks.some(({ type }) => type === acknowledgements.renew);
        const wanted = stopping || renews ? undefined : intake.want(partitions);
        if (wanted) await this.#fetch(wanted, acks);
        else if (acks.length > 0) await this.#acknowledge(acks);
        else await this.#wakeUp.next([this.#never]);
      } catch (error) {
        const lost = new BrokerUnavailableError("what is done with it was not confirmed", {
          cause: error,
        });
        for (const { reject } of acks) reject(lost);
        throw error;
      }
    }
  }

  /** What is held for long is asked for anew. */
  #renew(): void {
    const now = performance.now();
    if (now - this.#renewedAt < this.#lockMs / 3) return;
    this.#renewedAt = now;
    for (const lease of this.#held) {
      if (this.#pending.some((pending) => pending.lease === lease)) continue;
      this.acknowledge(lease, acknowledgements.renew).catch(() => lease.end());
    }
  }

  async #fetch(wanted: Wanted, acks: readonly Pending[]): Promise<void> {
    const { group, member, topic, connection, intake } = this.#options;
    const batches = batchAcks(acks);
    const asked = new Map<number, SharePartition>();
    for (const partition of wanted.partitions) {
      if (!this.#fetched.has(partition)) asked.set(partition, { topicId: topic.id, partition });
    }
    for (const [partition, acks] of batches) {
      asked.set(partition, { topicId: topic.id, partition, acks });
    }
    const forgotten = [...this.#fetched].filter((one) => !wanted.partitions.includes(one))
      .map((partition) => ({ topicId: topic.id, partition }));
    let leases: Lease[] = [];
    try {
      const answer = await shareFetch.async(connection, {
        group,
        member,
        epoch: this.#nextEpoch(),
        maxWaitMs: acks.length > 0 ? 0 : this.#waitMs(),
        maxBytes,
        maxRecords: wanted.most,
        partitions: [...asked.values()],
        forgotten,
      });
      if (answer.errorCode !== 0) throw refused(answer.errorCode, topic.name);
      for (const { partition } of forgotten) this.#fetched.delete(partition);
      for (const partition of wanted.partitions) this.#fetched.add(partition);
      if (answer.lockMs > 0) this.#lockMs = answer.lockMs;
      leases = this.#acquired(answer);
      const failed = new Map(answer.partitions.map((one) => [one.partition, one.ackErrorCode]));
      await this.#settled(acks, failed);
      await this.#checkPartitions(answer);
    } finally {
      intake.take(leases, wanted);
    }
  }

  /** The more recently something came or was settled, the sooner something else may be. */
  #waitMs(): number {
    if (this.#held.size === 0) return idleWaitMs;
    const age = (performance.now() - this.#activeAt) / waitShare;
    return Math.round(Math.min(idleWaitMs, Math.max(leastWaitMs, age)));
  }

  #acquired(answer: ShareFetchAnswer): Lease[] {
    const leases: Lease[] = [];
    for (const { partition, records, acquired } of answer.partitions) {
      if (acquired.length === 0) continue;
      const reader = Reader.from(
        records
          ? Buffer.from(records.buffer, records.byteOffset, records.byteLength)
          : Buffer.alloc(0),
      );
      const found = new Map(
        [...readRecords(readRecordsBatches(reader))].map((record) => [record.offset, record]),
      );
      for (const { first, last, deliveryCount } of acquired) {
        for (let offset = first; offset <= last; offset++) {
          const record = found.get(offset);
          if (record) {
            const lease = new Lease(this, partition, record, deliveryCount);
            this.#held.add(lease);
            leases.push(lease);
          } else {
            this.#pending.push({
              lease: undefined,
              partition,
              offset,
              type: gap,
              resolve() {},
              reject() {},
            });
          }
        }
      }
    }
    if (leases.length > 0) this.#activeAt = performance.now();
    return leases;
  }

  async #checkPartitions(answer: ShareFetchAnswer): Promise<void> {
    const trouble = answer.partitions.find(({ errorCode }) => errorCode !== 0);
    if (!trouble) {
      this.#troubles = 0;
      return;
    }
    const { errorCode } = trouble;
    const { topic } = this.#options;
    if (isMissingTopic(errorCode)) throw new QueueNotFoundError(topic.name);
    if (isMoved(errorCode) || this.#troubles++ > mostTroubles) throw refused(errorCode, topic.name);
    // The group's state of it is about to be made.
    await pause(troublePauseMs, this.#never);
  }

  async #acknowledge(acks: readonly Pending[]): Promise<void> {
    const { topic } = this.#options;
    const answer = await this.#send(acks, this.#nextEpoch());
    if (answer.errorCode !== 0) throw refused(answer.errorCode, topic.name);
    await this.#settled(
      acks,
      new Map(answer.partitions.map(({ partition, errorCode }) => [partition, errorCode])),
    );
  }

  #send(acks: readonly Pending[], epoch: number) {
    const { group, member, topic, connection } = this.#options;
    return shareAcknowledge.async(connection, {
      group,
      member,
      epoch,
      renews: acks.some(({ type }) => type === acknowledgements.renew),
      partitions: [...batchAcks(acks)].map(([partition, batches]) => ({
        topicId: topic.id,
        partition,
        acks: batches,
      })),
    });
  }

  /** One that is refused makes the server refuse all that came with it for its partition. */
  async #settled(acks: readonly Pending[], codes: ReadonlyMap<number, number>): Promise<void> {
    const again: Pending[] = [];
    for (const ack of acks) {
      const code = codes.get(ack.partition) ?? 0;
      const alone = acks.filter(({ partition }) => partition === ack.partition).length === 1;
      if (code === 0) this.#done(ack);
      else if (alone) this.#refuse(ack, code);
      else again.push(ack);
    }
    for (const ack of again) await this.#acknowledge([ack]);
  }

  #done({ lease, type, resolve }: Pending): void {
    if (lease && type !== acknowledgements.renew) {
      this.#held.delete(lease);
      lease.end();
    }
    resolve();
  }

  #refuse({ lease, reject }: Pending, code: number): void {
    if (lease) {
      this.#held.delete(lease);
      lease.end();
    }
    reject(
      new DeliveryLostError("it is no longer this consumer's", {
        cause: refused(code, this.#options.topic.name),
      }),
    );
  }

  async #close(): Promise<void> {
    const acks = this.#pending.splice(0).filter(({ type }) => type !== acknowledgements.renew);
    if (this.#epoch === 0) return;
    try {
      const answer = await this.#send(acks, closes);
      const codes = answer.partitions.map(({ partition, errorCode }) =>
        [partition, errorCode] as const
      );
      const failed = new Map(codes);
      for (const ack of acks) {
        const code = failed.get(ack.partition) ?? answer.errorCode;
        if (code === 0) this.#done(ack);
        else this.#refuse(ack, code);
      }
    } catch (error) {
      for (const { reject } of acks) {
        reject(new BrokerUnavailableError("it was not settled", { cause: error }));
      }
    }
  }

  #nextEpoch(): number {
    const epoch = this.#epoch;
    this.#epoch = epoch === 2 ** 31 - 1 ? 1 : epoch + 1;
    return epoch;
  }
}
