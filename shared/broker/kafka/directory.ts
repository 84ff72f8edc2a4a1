import { Buffer } from "node:buffer";
import { pause, within } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";
import { topicMatches } from "../topic_match.ts";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import { atEnd, atStart, offsetAt } from "./offsets.ts";
import { readPartition } from "./partition_reader.ts";
import type { Producer } from "./producer.ts";
import type { NewRecord, ReadRecord } from "./record.ts";
import { brokerError } from "./refusal.ts";
import { ensureTopics, topicSettings } from "./topics.ts";
import type { Target } from "./url.ts";

/** The topic of the directory. */
const directoryTopic = "proxymq_directory";

/** How often a handle says that it is alive, milliseconds; and when it is taken for dead. */
const aliveEveryMs = 5_000;
const deadAfterMs = 20_000;
/** When what a dead handle left is swept up, milliseconds. */
const sweptAfterMs = 600_000;
const patienceMs = 8_000;
const partition = 0;

/** What is known of a reply queue. */
export interface ReplyEntry {
  readonly handle: string;
  readonly partition: number;
}

interface Entry {
  readonly key: readonly string[];
  readonly value: Readonly<Record<string, unknown>>;
  /** By the server's clock. */
  readonly at: number;
}

/**
 * What all handles know of the queues beside Kafka's own: where dead letters go, which topics are
 * bound, where reply queues are, and how much consumers hold. It is a compacted topic that each
 * handle reads; the newest record of a key counts.
 *
 * What belongs to a handle (`reply`, `held`) counts while that handle says that it is alive.
 */
export class Directory {
  readonly #cluster: Cluster;
  readonly #target: Target;
  readonly #producer: Producer;
  readonly #handle: string;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Set<{ readonly until: bigint; readonly resolve: () => void }>();
  readonly #listeners = new Set<() => void>();
  /** The next offset to be read; -1 before the first. */
  #next = -1n;
  #newest = 0;
  #reading: Promise<void> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;

  constructor(cluster: Cluster, target: Target, producer: Producer, handle: string) {
    this.#cluster = cluster;
    this.#target = target;
    this.#producer = producer;
    this.#handle = handle;
  }

  /** Called whenever something has changed. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** To be called when a connection is there, before it counts. */
  async setUp(): Promise<void> {
    await ensureTopics(this.#cluster, this.#target, [
      { name: directoryTopic, partitions: 1, settings: topicSettings.directory },
    ]);
    this.#reading ??= this.#read();
    this.#pulse ??= setInterval(() => this.#beat(), aliveEveryMs);
  }

  /**
   * Waits until everything is read that was written before.
   * @throws {BrokerUnavailableError} it cannot be read in time.
   */
  async sync(): Promise<void> {
    const topic = await this.#topic();
    const end = await offsetAt(this.#cluster, topic, partition, atEnd) ?? 0n;
    await this.#reach(end);
  }

  /**
   * Writes entries, and waits until they are read; undefined removes.
   * @throws {BrokerUnavailableError}
   */
  async write(
    entries: readonly (readonly [key: readonly string[], value: object | undefined])[],
  ): Promise<void> {
    if (entries.length === 0) return;
    const last = await this.#append(entries);
    await this.#reach(last + 1n);
  }

  /** The same without waiting; what is lost is lost. */
  note(key: readonly string[], value: object | undefined): void {
    this.#append([[key, value]]).catch(() => {});
  }

  /** Where the dead letters of a work queue go. */
  deadLetterQueue(queue: string): string | undefined {
    const found = this.#entries.get(keyOf(["queue", queue]))?.value["deadLetterQueue"];
    return typeof found === "string" ? found : undefined;
  }

  isBound(queue: string, pattern: string): boolean {
    return this.#entries.has(keyOf(["bind", queue, pattern]));
  }

  /** The queues that are bound to a topic, each once. */
  boundTo(topic: string): string[] {
    const queues = new Set<string>();
    for (const { key: [kind, queue = "", pattern = ""] } of this.#entries.values()) {
      if (kind === "bind" && topicMatches(pattern, topic)) queues.add(queue);
    }
    return [...queues];
  }

  /** The entries of a queue, to be removed with it. */
  entriesOf(queue: string): (readonly string[])[] {
    return [...this.#entries.values()].map(({ key }) => key)
      .filter(([kind, name]) => (kind === "bind" || kind === "queue") && name === queue);
  }

  /** A reply queue whose handle is alive. */
  reply(queue: string): ReplyEntry | undefined {
    const value = this.#entries.get(keyOf(["reply", queue]))?.value;
    if (!value) return undefined;
    const { handle, partition } = value;
    if (typeof handle !== "string" || typeof partition !== "number") return undefined;
    return this.isAlive(handle) ? { handle, partition } : undefined;
  }

  /** How many reply queues each partition has. */
  replyPartitions(): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const { key: [kind], value: { handle, partition } } of this.#entries.values()) {
      if (kind !== "reply" || typeof partition !== "number" || !this.isAlive(handle)) continue;
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
    }
    return counts;
  }

  /** Whether a handle says that it is there. */
  isAlive(handle: unknown): boolean {
    if (typeof handle !== "string") return false;
    const entry = this.#entries.get(keyOf(["alive", handle]));
    return entry !== undefined && this.#newest - entry.at < deadAfterMs;
  }

  /** How many deliveries of a queue the consumers of other handles hold. */
  heldByOthers(queue: string): number {
    let sum = 0;
    for (const { key: [kind], value } of this.#entries.values()) {
      if (kind !== "held" || value["queue"] !== queue) continue;
      if (value["handle"] === this.#handle || !this.isAlive(value["handle"])) continue;
      sum += Number(value["count"]);
    }
    return sum;
  }

  /** Says that this handle is gone, with all that is its own. */
  async leave(): Promise<void> {
    clearInterval(this.#pulse);
    if (!this.#cluster.connected) return;
    const own = [...this.#entries.values()].filter(({ key: [kind], value }) =>
      kind !== "queue" && kind !== "bind" && value["handle"] === this.#handle
    );
    await this.#append(own.map(({ key }) => [key, undefined] as const)).catch(() => {});
  }

  /** Resolves when nothing is read any more; the cluster is to be closed before. */
  get ended(): Promise<void> {
    return this.#reading ?? Promise.resolve();
  }

  /** Says that this handle is alive. */
  async alive(): Promise<void> {
    await this.#append([[["alive", this.#handle], { handle: this.#handle }]]);
  }

  #beat(): void {
    if (!this.#cluster.connected) return;
    this.alive().catch(() => {});
    const swept = [...this.#entries.values()].filter(({ key: [kind, name], value, at }) => {
      if (kind === "alive") return this.#newest - at > sweptAfterMs && name !== this.#handle;
      if (kind !== "reply" && kind !== "held") return false;
      return this.#newest - at > sweptAfterMs && !this.isAlive(value["handle"]);
    });
    for (const { key } of swept) this.note(key, undefined);
  }

  async #append(
    entries: readonly (readonly [key: readonly string[], value: object | undefined])[],
  ): Promise<bigint> {
    if (entries.length === 0) return -1n;
    const records = entries.map(([key, value]): NewRecord => ({
      key: Buffer.from(keyOf(key)),
      value: value && Buffer.from(JSON.stringify(value)),
      headers: new Map(),
    }));
    try {
      return await this.#producer.send(directoryTopic, partition, records, "all");
    } catch (error) {
      throw new BrokerUnavailableError("the directory cannot be written", { cause: error });
    }
  }

  async #reach(end: bigint): Promise<void> {
    if (this.#next >= end) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { until: end, resolve };
    this.#waiting.add(waiter);
    try {
      await within(promise, {
        ms: patienceMs,
        late: () => new BrokerUnavailableError("the directory cannot be read"),
        signals: [this.#cluster.closing],
      });
    } finally {
      this.#waiting.delete(waiter);
    }
  }

  async #topic(): Promise<Topic> {
    const topic = await this.#cluster.metadata.topic(directoryTopic);
    if (topic) return topic;
    throw new BrokerUnavailableError(`the topic "${directoryTopic}" is not there`);
  }

  async #read(): Promise<void> {
    const { closing } = this.#cluster;
    await pause(0, closing);
    await readPartition({
      cluster: this.#cluster,
      topic: directoryTopic,
      partition,
      signal: closing,
      start: async () => {
        const start = await offsetAt(this.#cluster, await this.#topic(), partition, atStart) ?? 0n;
        this.#advance(start);
        return start;
      },
      onAttached: () => void this.alive().catch(() => {}),
      onRecords: (records) => {
        for (const record of records) this.#take(record);
        const last = records.at(-1);
        if (last) this.#advance(last.offset + 1n);
        for (const listener of this.#listeners) listener();
      },
    }).catch((error) => {
      throw brokerError(error, directoryTopic);
    });
  }

  #take({ key, value, timestamp }: ReadRecord): void {
    this.#newest = Math.max(this.#newest, timestamp);
    if (key === undefined) return;
    if (value === undefined) {
      this.#entries.delete(key);
      return;
    }
    try {
      this.#entries.set(key, {
        key: JSON.parse(key),
        value: JSON.parse(Buffer.from(value).toString()),
        at: timestamp,
      });
    } catch {
      // Another program's.
    }
  }

  #advance(next: bigint): void {
    if (next > this.#next) this.#next = next;
    for (const waiter of this.#waiting) if (this.#next >= waiter.until) waiter.resolve();
  }
}

function keyOf(parts: readonly string[]): string {
  return JSON.stringify(parts);
}
