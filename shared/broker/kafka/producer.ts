import { type MessageRecord, produceV11 } from "@platformatic/kafka";
import { pause } from "../../waiting.ts";
import { BrokerUnavailableError, MessageTooLargeError, QueueNotFoundError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { NewRecord } from "./record.ts";
import { answered, brokerError, codes, isMissingTopic, isMoved, refused } from "./refusal.ts";

/** How many copies have a record before it counts: all that are in sync, or the leader's. */
export type Acks = "all" | "leader";

/** One partition's records go in batches of about this size, bytes. */
const batchBytes = 512 * 1024;
/** A request is not made larger than this by putting more into it, bytes. */
const requestBytes = 4 * 2 ** 20;
/** Requests to a server that are not answered yet. */
const mostInFlight = 4;
/** How long records look for their partition's leader, milliseconds. */
const patienceMs = 3_000;
/** How long a leader waits for the others, milliseconds. */
const confirmMs = 5_000;
/** What a record takes beside key, value and headers, about, bytes. */
const overheadBytes = 64;

interface Job {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly resolve: (offset: bigint) => void;
  readonly reject: (code: number | Error) => void;
}

/**
 * Appends records. What is sent in one turn of the event loop goes together, and the records of a
 * partition keep the order in which they were sent.
 */
export class Producer {
  readonly #cluster: Cluster;
  readonly #lanes = new Map<string, Lane>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * Appends records to a partition.
   * @returns the offset of the last one.
   * @throws {QueueNotFoundError} there is no such topic.
   * @throws {MessageTooLargeError} one is over the topic's limit.
   * @throws {BrokerUnavailableError} not connected, or not confirmed in time.
   */
  async send(
    topic: string,
    partition: number,
    records: readonly NewRecord[],
    acks: Acks,
  ): Promise<bigint> {
    let offset = -1n;
    const parts = inParts(records);
    // Together, so that they are sent in one turn, and in their order.
    const sent = parts.map((part) => this.#send(topic, partition, part, acks));
    for (const each of await Promise.all(sent)) offset = each;
    return offset;
  }

  async #send(
    topic: string,
    partition: number,
    records: readonly NewRecord[],
    acks: Acks,
  ): Promise<bigint> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const known = this.#cluster.metadata.known(topic) ??
        await this.#cluster.metadata.topic(topic);
      if (!known) throw new QueueNotFoundError(topic);
      const leader = known.leaders[partition];
      if (leader === undefined) throw new BrokerUnavailableError(`${topic} has no ${partition}`);
      try {
        return await this.#append(leader, { topic, partition, records }, acks);
      } catch (error) {
        if (typeof error !== "number") throw error;
        if (isMissingTopic(error)) {
          this.#cluster.metadata.forget(topic);
          throw new QueueNotFoundError(topic);
        }
        if (error === codes.messageTooLarge || error === codes.recordListTooLarge) {
          throw new MessageTooLargeError(`a message is over the limit of the topic "${topic}"`);
        }
        if (!isMoved(error) || performance.now() > deadline) throw refused(error, topic);
        this.#cluster.metadata.forget(topic);
        await pause(100, this.#cluster.closing);
      }
    }
  }

  #append(
    node: number,
    { topic, partition, records }: Pick<Job, "topic" | "partition" | "records">,
    acks: Acks,
  ): Promise<bigint> {
    const key = `${node} ${acks}`;
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, lane = new Lane(this.#cluster, node, acks));
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    const { promise, resolve, reject } = Promise.withResolvers<bigint>();
    lane.add({ topic, partition, records, bytes, resolve, reject });
    return promise;
  }
}

/** What goes to one server. */
class Lane {
  readonly #cluster: Cluster;
  readonly #node: number;
  readonly #acks: Acks;
  #waiting: Job[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(cluster: Cluster, node: number, acks: Acks) {
    this.#cluster = cluster;
    this.#node = node;
    this.#acks = acks;
  }

  add(job: Job): void {
    this.#waiting.push(job);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#inFlight < mostInFlight) {
      const jobs = this.#take();
      this.#inFlight++;
      this.#send(jobs).catch((error) => {
        const failure = brokerError(error, "publishing");
        for (const job of jobs) job.reject(failure);
      }).finally(() => {
        this.#inFlight--;
        this.#flush();
      });
    }
  }

  #take(): Job[] {
    const sizes = new Map<string, number>();
    let total = 0;
    let count = 0;
    for (const { topic, partition, bytes } of this.#waiting) {
      const key = `${partition} ${topic}`;
      const size = sizes.get(key) ?? 0;
      if (count > 0 && (total + bytes > requestBytes || (size > 0 && size + bytes > batchBytes))) {
        break;
      }
      sizes.set(key, size + bytes);
      total += bytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #send(jobs: readonly Job[]): Promise<void> {
    const connection = await this.#cluster.connection(this.#node);
    const records = jobs.flatMap(({ topic, partition, records }) =>
      records.map((record): MessageRecord => ({
        topic,
        partition,
        headers: record.headers,
        // A null value removes what has the same key; the library's type does not know it.
        value: record.value as Buffer,
        ...(record.key ? { key: record.key } : {}),
        ...(record.timestamp === undefined ? {} : { timestamp: BigInt(record.timestamp) }),
      }))
    );
    const answer = await answered(produceV11.api.async(
      connection,
      this.#acks === "all" ? -1 : 1,
      confirmMs,
      records,
      {},
    ));
    if (typeof answer === "boolean") throw new BrokerUnavailableError("no answer");
    const offsets = new Map<string, { code: number; last: bigint }>();
    for (const { name, partitionResponses } of answer.responses) {
      for (const { index, errorCode, baseOffset } of partitionResponses) {
        offsets.set(`${index} ${name}`, { code: errorCode, last: baseOffset - 1n });
      }
    }
    for (const { topic, partition, records, resolve, reject } of jobs) {
      const found = offsets.get(`${partition} ${topic}`);
      if (!found) reject(new BrokerUnavailableError(`${topic}: no answer`));
      else if (found.code !== 0) reject(found.code);
      else resolve(found.last += BigInt(records.length));
    }
  }
}

function sizeOf({ key, value, headers }: NewRecord): number {
  let sum = overheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of headers) sum += name.length + text.length + 4;
  return sum;
}

function inParts(records: readonly NewRecord[]): NewRecord[][] {
  const parts: NewRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const size = sizeOf(record);
    if (bytes + size > batchBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(record);
    bytes += size;
  }
  return parts;
}
