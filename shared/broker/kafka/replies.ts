import type { Delivery, Message } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { BrokerUnavailableError, ReplyQueueLostError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Directory } from "./directory.ts";
import { atEnd, offsetAt } from "./offsets.ts";
import { readPartition } from "./partition_reader.ts";
import { decodeRecord, type ReadRecord } from "./record.ts";
import { ensureTopics, topicSettings } from "./topics.ts";
import type { Target } from "./url.ts";

/** The topic of the replies to all handles. */
export const repliesTopic = "proxymq_replies";
/** Its partition for broadcasts; the others are for replies. */
export const broadcastPartition = 0;
const partitionCount = 16;

interface ReplyQueue {
  readonly broadcasts: Set<string>;
  readonly since: bigint;
  /** What came before anybody consumed. */
  readonly waiting: Message[];
  buffer: DeliveryBuffer | undefined;
  lost: boolean;
}

/**
 * The reply queues of a handle. They share a partition, which the handle reads from the time on that
 * it declares its first; a record says which of them it is for.
 */
export class Replies {
  readonly #cluster: Cluster;
  readonly #target: Target;
  readonly #directory: Directory;
  readonly #handle: string;
  readonly #queues = new Map<string, ReplyQueue>();
  readonly #readers = new Map<number, Promise<void>>();
  #partition: number | undefined;

  constructor(cluster: Cluster, target: Target, directory: Directory, handle: string) {
    this.#cluster = cluster;
    this.#target = target;
    this.#directory = directory;
    this.#handle = handle;
    directory.onChange(() => this.#check());
  }

  has(name: string): boolean {
    return this.#queues.has(name);
  }

  /** @throws {BrokerError} */
  async declare(name: string, broadcasts: readonly string[]): Promise<void> {
    const known = this.#queues.get(name);
    if (known && !known.lost) {
      for (const each of broadcasts) known.broadcasts.add(each);
      if (broadcasts.length > 0) await this.#read(broadcastPartition);
      return;
    }
    await ensureTopics(this.#cluster, this.#target, [
      { name: repliesTopic, partitions: partitionCount, settings: topicSettings.replies },
    ]);
    await this.#directory.sync();
    const partition = this.#partition ??= this.#leastUsed();
    const since = await this.#read(partition);
    this.#queues.set(name, {
      broadcasts: new Set(broadcasts),
      since,
      waiting: [],
      buffer: undefined,
      lost: false,
    });
    if (broadcasts.length > 0) await this.#read(broadcastPartition);
    await this.#directory.write([[["reply", name], { handle: this.#handle, partition }]]);
  }

  /** Consumes a reply queue of this handle; there is one consumer at a time. */
  consume(name: string, signal: AbortSignal): DeliveryBuffer | undefined {
    const queue = this.#queues.get(name);
    if (!queue) return undefined;
    const end = () => buffer.end();
    const buffer = new DeliveryBuffer((unread) => {
      signal.removeEventListener("abort", end);
      if (queue.buffer === buffer) queue.buffer = undefined;
      queue.waiting.unshift(...unread.map(({ message }) => message));
    });
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    else if (queue.lost) buffer.end(new ReplyQueueLostError(name));
    else {
      queue.buffer = buffer;
      for (const message of queue.waiting.splice(0)) buffer.push(deliveryOf(name, message));
    }
    return buffer;
  }

  /** Ends all that is consumed. */
  end(): void {
    for (const { buffer } of this.#queues.values()) buffer?.end();
  }

  /** Resolves when nothing is read any more; the cluster is to be closed before. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#readers.values());
  }

  /** Whoever declares a name takes it: the newest entry counts. */
  #check(): void {
    for (const [name, queue] of this.#queues) {
      const entry = this.#directory.reply(name);
      if (!entry || entry.handle === this.#handle || queue.lost) continue;
      queue.lost = true;
      queue.buffer?.end(new ReplyQueueLostError(name));
    }
  }

  #leastUsed(): number {
    const used = this.#directory.replyPartitions();
    const free: number[] = [];
    let least = Infinity;
    for (let partition = broadcastPartition + 1; partition < partitionCount; partition++) {
      const count = used.get(partition) ?? 0;
      if (count > least) continue;
      if (count < least) free.length = 0;
      least = count;
      free.push(partition);
    }
    return free[Math.floor(Math.random() * free.length)] ?? 1;
  }

  /** Starts to read a partition at its end, if that is not done already. Returns its end. */
  async #read(partition: number): Promise<bigint> {
    const topic = await this.#cluster.metadata.topic(repliesTopic);
    if (!topic) throw new BrokerUnavailableError(`the topic "${repliesTopic}" is not there`);
    const end = await offsetAt(this.#cluster, topic, partition, atEnd) ?? 0n;
    if (!this.#readers.has(partition)) {
      this.#readers.set(
        partition,
        readPartition({
          cluster: this.#cluster,
          topic: repliesTopic,
          partition,
          signal: this.#cluster.closing,
          start: () => Promise.resolve(end),
          onRecords: (records) => this.#take(records),
        }),
      );
    }
    return end;
  }

  #take(records: readonly ReadRecord[]): void {
    for (const record of records) {
      const broadcast = record.fields.get("broadcast");
      if (broadcast !== undefined) {
        for (const [name, queue] of this.#queues) {
          if (queue.broadcasts.has(broadcast)) this.#deliver(name, queue, record);
        }
        continue;
      }
      const name = record.fields.get("to") ?? "";
      const queue = this.#queues.get(name);
      if (queue && record.offset >= queue.since) this.#deliver(name, queue, record);
    }
  }

  #deliver(name: string, queue: ReplyQueue, record: ReadRecord): void {
    if (queue.lost) return;
    const message = decodeRecord(record);
    if (!queue.buffer?.push(deliveryOf(name, message))) queue.waiting.push(message);
  }
}

function deliveryOf(queue: string, message: Message): Delivery {
  return { queue, message, attempt: 1, redeliveries: 0, token: undefined };
}
