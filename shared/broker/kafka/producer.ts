import { pause } from "../../waiting.ts";
import { BrokerUnavailableError, MessageTooLargeError, QueueNotFoundError } from "../errors.ts";
import type { Acks, Job } from "./batch.ts";
import type { Cluster } from "./cluster.ts";
import { batchBytes, Lane } from "./lane.ts";
import type { NewRecord } from "./record.ts";
import { codes, isMissingTopic, isMoved, refused } from "./refusal.ts";
import { Sequences } from "./sequences.ts";

/** How long records look for their partition's leader, milliseconds. */
const patienceMs = 3_000;
/** What a record takes beside key, value and headers, about, bytes. */
const overheadBytes = 64;

/**
 * Appends records. What is sent in one turn of the event loop goes together, and the records of a
 * partition keep the order in which they were sent.
 */
export class Producer {
  readonly #cluster: Cluster;
  readonly #sequences: Sequences;
  readonly #lanes = new Map<string, Lane>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#sequences = new Sequences(cluster);
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
        if (error === codes.messageTooLarge || error === codes.recordListTooLarge) {
          throw new MessageTooLargeError(`a message is over the limit of the topic "${topic}"`);
        }
        this.#cluster.metadata.forget(topic);
        const missing = isMissingTopic(error);
        if (missing && !await this.#cluster.metadata.topic(topic)) {
          throw new QueueNotFoundError(topic);
        }
        // A server that has just come to lead it may not know it yet.
        if (!missing && !isMoved(error) || performance.now() > deadline) {
          throw refused(error, topic);
        }
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
    if (!lane) {
      const numbered = acks === "all" ? { sequences: this.#sequences } : {};
      lane = new Lane({ cluster: this.#cluster, node, acks, ...numbered });
      this.#lanes.set(key, lane);
    }
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    const { promise, resolve, reject } = Promise.withResolvers<bigint>();
    lane.add({ topic, partition, records, bytes, resolve, reject });
    return promise;
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
