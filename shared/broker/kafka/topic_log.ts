import { bulkhead, isBulkheadRejectedError } from "cockatiel";
import type { LogEntry, ResultLog } from "../../results/log/result_log.ts";
import { within } from "../../waiting.ts";
import type { Message } from "../broker.ts";
import { BrokerUnavailableError, MessageTooLargeError, QueueNotFoundError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import { atEnd, offsetAt } from "./offsets.ts";
import { fetchPartition, readPartition } from "./partition_reader.ts";
import type { Producer } from "./producer.ts";
import { decodeRecord, encodeRecord, type ReadRecord } from "./record.ts";
import { codeOf, codes } from "./refusal.ts";
import { ensureTopics, maxMessageBytes } from "./topics.ts";
import type { Target } from "./url.ts";

const partition = 0;
/** Reads of single messages at once; and how many more may wait. */
const readsAtOnce = 16;
const mostReads = 2_000;
const readTimeoutMs = 5_000;
/** What is too old leaves the disk a segment at a time. */
const segmentBytes = 32 * 2 ** 20;

/** How a log is kept. */
export interface TopicLogOptions {
  readonly cluster: Cluster;
  readonly target: Target;
  readonly producer: Producer;
  readonly name: string;
  /** For how long it keeps a message, milliseconds; without it the topic is not made here. */
  readonly maxAgeMs?: number;
  /** How much it keeps at most, bytes. */
  readonly maxBytes?: number;
}

/** A topic of one partition as a log. */
export class TopicLog implements ResultLog {
  readonly #options: TopicLogOptions;
  readonly #reads = bulkhead(readsAtOnce, mostReads);
  /** The tails that are being read. */
  readonly #attached = new Set<AbortController>();

  constructor(options: TopicLogOptions) {
    this.#options = options;
  }

  get attached(): boolean {
    return this.#attached.size > 0 && this.#options.cluster.connected;
  }

  async append(message: Message, confirm: boolean): Promise<void> {
    const { name, producer, cluster } = this.#options;
    const { length } = message.body;
    if (length > maxMessageBytes) {
      throw new MessageTooLargeError(
        `a message of ${length} bytes is over the limit of ${maxMessageBytes}`,
      );
    }
    cluster.check();
    const send = async () => {
      await producer.send(name, partition, [encodeRecord(message)], confirm ? "all" : "leader");
    };
    const appended = send().catch(async (error) => {
      if (!(error instanceof QueueNotFoundError)) throw error;
      await this.#topic();
      await send();
    });
    if (confirm) await appended;
    else appended.catch(() => {});
  }

  async *tail(
    since: number | "now",
    signal: AbortSignal,
    onAttached: () => void = () => {},
  ): AsyncIterable<LogEntry> {
    const { cluster, name } = this.#options;
    const stop = new AbortController();
    const both = AbortSignal.any([signal, cluster.closing, stop.signal]);
    const queue: (readonly ReadRecord[])[] = [];
    let wake = Promise.withResolvers<void>();
    let drained = Promise.withResolvers<void>();
    const reading = readPartition({
      cluster,
      topic: name,
      partition,
      signal: both,
      start: async () => {
        const topic = await this.#topic();
        const end = await offsetAt(cluster, topic, partition, atEnd) ?? 0n;
        if (since === "now") return end;
        return await offsetAt(cluster, topic, partition, Math.max(0, since)) ?? end;
      },
      onAttached: () => {
        this.#attached.add(stop);
        onAttached();
      },
      onDetached: () => {
        this.#attached.delete(stop);
        // Whoever reads makes it, as far as it may.
        this.#topic().catch(() => {});
      },
      // The next is fetched when this is read.
      onRecords: (records) => {
        queue.push(records);
        wake.resolve();
        drained = Promise.withResolvers();
        return drained.promise;
      },
    });
    const end = () => {
      wake.resolve();
      drained.resolve();
    };
    both.addEventListener("abort", end);
    try {
      while (!both.aborted) {
        const records = queue.shift();
        if (!records) {
          drained.resolve();
          await wake.promise;
          wake = Promise.withResolvers();
          continue;
        }
        for (const record of records) {
          if (both.aborted) return;
          yield { message: decodeRecord(record), offset: Number(record.offset) };
        }
      }
    } finally {
      stop.abort();
      both.removeEventListener("abort", end);
      end();
      this.#attached.delete(stop);
      await reading;
    }
  }

  async read(offset: number, signal: AbortSignal): Promise<Message | undefined> {
    try {
      return await this.#reads.execute(() => this.#read(offset, signal));
    } catch (error) {
      if (!isBulkheadRejectedError(error)) throw error;
      throw new BrokerUnavailableError("too many responses are being read just now");
    }
  }

  async #read(offset: number, signal: AbortSignal): Promise<Message | undefined> {
    const { cluster, name } = this.#options;
    const topic = await cluster.metadata.topic(name);
    if (!topic) return undefined;
    const connection = await cluster.connection(topic.leaders[partition] ?? -1);
    try {
      const { records } = await within(
        fetchPartition(connection, topic.id, partition, BigInt(offset), {
          maxWaitMs: 0,
          maxBytes: 1,
        }),
        { ms: readTimeoutMs, signals: [signal] },
      );
      const found = records.find((record) => record.offset === BigInt(offset));
      return found && decodeRecord(found);
    } catch (error) {
      if (codeOf(error) === codes.offsetOutOfRange) return undefined;
      throw new BrokerUnavailableError(`the topic "${name}" cannot be read`, { cause: error });
    }
  }

  async #topic(): Promise<Topic> {
    const { cluster, target, name, maxAgeMs, maxBytes } = this.#options;
    const known = await cluster.metadata.topic(name);
    if (known) return known;
    if (maxAgeMs === undefined) {
      throw new BrokerUnavailableError(`the topic "${name}" is not there; an enqueuer makes it`);
    }
    const made = await ensureTopics(cluster, target, [{
      name,
      partitions: 1,
      settings: {
        "retention.ms": `${Math.ceil(maxAgeMs)}`,
        "retention.bytes": `${maxBytes ?? -1}`,
        "segment.bytes": `${Math.min(segmentBytes, (maxBytes ?? Infinity) / 4)}`,
        "segment.ms": `${Math.ceil(Math.max(60_000, Math.min(maxAgeMs / 4, 86_400_000)))}`,
        "max.message.bytes": `${maxMessageBytes + 2 ** 20}`,
      },
    }]);
    const topic = made.get(name);
    if (topic) return topic;
    throw new BrokerUnavailableError(`the topic "${name}" is not there`);
  }
}
