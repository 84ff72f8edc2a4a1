import type { Connection } from "@platformatic/kafka";
import { WakeUp } from "../../wake_up.ts";
import { pause } from "../../waiting.ts";
import { BrokerUnavailableError, DeliveryLostError, QueueNotFoundError } from "../errors.ts";
import { readAcquired } from "./acquired.ts";
import { batchAcks } from "./acks.ts";
import { Holding, type PendingAck } from "./holding.ts";
import type { Topic } from "./metadata.ts";
import type { Lease, LeaseHolder } from "./lease.ts";
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

/**
 * A share session with one server, for the time of one connection. A fetch and an acknowledgement
 * exclude each other: the server gives the answer to a fetch up when the session has gone on
 * meanwhile, and what it had acquired with it. So what is to be acknowledged waits for the fetch that
 * is under way, which waits the shorter the more likely that is.
 */
export class ShareSession implements LeaseHolder {
  readonly #options: SessionOptions;
  readonly #holding: Holding;
  readonly #fetched = new Set<number>();
  readonly #wakeUp = new WakeUp();
  readonly #never = new AbortController().signal;
  #epoch = 0;
  #lockMs = 15_000;
  #renewedAt = performance.now();
  #activeAt = -Infinity;
  #stopping: Stopping = "no";
  #lost = false;
  #troubles = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#holding = new Holding(options.topic.name);
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

  async acknowledge(lease: Lease, type: number): Promise<void> {
    if (this.#lost) {
      lease.end();
      throw new DeliveryLostError("the connection that it came by is lost");
    }
    // What is being settled makes room: the fetch that asks for more goes with it.
    lease.leave();
    this.#activeAt = performance.now();
    const acknowledged = this.#holding.add(lease, type);
    this.wake();
    await acknowledged;
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
      this.#holding.lose();
    }
  }

  async #pump(): Promise<void> {
    const { intake, partitions, connection } = this.#options;
    for (;;) {
      if (!connection.isConnected()) throw new BrokerUnavailableError("the connection was closed");
      if (this.#stopping === "all") return await this.#close();
      this.#renew();
      const acks = this.#holding.takePending();
      try {
        const stopping = this.#stopping !== "no";
        if (stopping && acks.length === 0 && this.#holding.size === 0) return await this.#close();
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
    this.#holding.renew();
  }

  async #fetch(wanted: Wanted, acks: readonly PendingAck[]): Promise<void> {
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
      leases = this.#holding.hold(readAcquired(answer.partitions), this);
      if (leases.length > 0) this.#activeAt = performance.now();
      const failed = new Map(answer.partitions.map((one) => [one.partition, one.ackErrorCode]));
      await this.#settled(acks, failed);
      await this.#checkPartitions(answer);
    } finally {
      intake.take(leases, wanted);
    }
  }

  /** The more recently something came or was settled, the sooner something else may be. */
  #waitMs(): number {
    if (this.#holding.size === 0) return idleWaitMs;
    const age = (performance.now() - this.#activeAt) / waitShare;
    return Math.round(Math.min(idleWaitMs, Math.max(leastWaitMs, age)));
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

  async #acknowledge(acks: readonly PendingAck[]): Promise<void> {
    const { topic } = this.#options;
    const answer = await this.#send(acks, this.#nextEpoch());
    if (answer.errorCode !== 0) throw refused(answer.errorCode, topic.name);
    await this.#settled(
      acks,
      new Map(answer.partitions.map(({ partition, errorCode }) => [partition, errorCode])),
    );
  }

  #send(acks: readonly PendingAck[], epoch: number) {
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
  async #settled(acks: readonly PendingAck[], codes: ReadonlyMap<number, number>): Promise<void> {
    const again: PendingAck[] = [];
    for (const ack of acks) {
      const code = codes.get(ack.partition) ?? 0;
      const alone = acks.filter(({ partition }) => partition === ack.partition).length === 1;
      if (code === 0) this.#holding.done(ack);
      else if (alone) this.#holding.refuse(ack, code);
      else again.push(ack);
    }
    for (const ack of again) await this.#acknowledge([ack]);
  }

  async #close(): Promise<void> {
    const acks = this.#holding.takePending().filter(({ type }) => type !== acknowledgements.renew);
    if (this.#epoch === 0) return;
    try {
      const answer = await this.#send(acks, closes);
      const codes = answer.partitions.map(({ partition, errorCode }) =>
        [partition, errorCode] as const
      );
      const failed = new Map(codes);
      for (const ack of acks) {
        const code = failed.get(ack.partition) ?? answer.errorCode;
        if (code === 0) this.#holding.done(ack);
        else this.#holding.refuse(ack, code);
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
