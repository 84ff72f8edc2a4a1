import type { Address, Message } from "../broker.ts";
import { QueueNotFoundError } from "../errors.ts";
import type { Acks } from "./batch.ts";
import type { Cluster } from "./cluster.ts";
import { delayTopic, firstHop, levelCount, undeliverableTopic } from "./delays.ts";
import type { Directory } from "./directory.ts";
import type { Producer } from "./producer.ts";
import { encodeRecord, type Extra, type NewRecord } from "./record.ts";
import { broadcastPartition, repliesTopic } from "./replies.ts";
import { ensureTopics, topicSettings } from "./topics.ts";
import type { Target } from "./url.ts";

/** Fields by which a delayed record is known. */
export const delayFields = { due: "due", left: "left", queue: "queue", topic: "topic" } as const;

/** A place where records are appended. */
interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly extra?: Extra;
  readonly acks: Acks;
}

/** What a router tells of. */
export interface RouterEvents {
  /** Something was delayed. */
  delayed(): void;
  /** Something was put into a work queue that expires at a time, epoch milliseconds. */
  expires(queue: string, at: number): void;
}

/** Brings messages to their places. */
export class Router {
  readonly #cluster: Cluster;
  readonly #target: Target;
  readonly #directory: Directory;
  readonly #producer: Producer;
  readonly #on: RouterEvents;
  #turn = 0;
  #delaysMade: Promise<unknown> | undefined;

  constructor(
    cluster: Cluster,
    target: Target,
    directory: Directory,
    producer: Producer,
    on: RouterEvents,
  ) {
    this.#cluster = cluster;
    this.#target = target;
    this.#directory = directory;
    this.#producer = producer;
    this.#on = on;
  }

  /**
   * The queues that an address names.
   * @throws {QueueNotFoundError} no such queue.
   */
  async queues(to: Exclude<Address, { broadcast: string }>): Promise<readonly string[]> {
    if ("queue" in to) return [to.queue];
    await this.#directory.sync();
    const bound = this.#directory.boundTo(to.topic);
    const found = await this.#cluster.metadata.topics(bound);
    const gone = bound.filter((queue) => !found.has(queue));
    for (const key of gone.flatMap((queue) => this.#directory.entriesOf(queue))) {
      this.#directory.note(key, undefined);
    }
    return bound.filter((queue) => found.has(queue));
  }

  /**
   * Appends messages to a queue, in their order.
   * @throws {QueueNotFoundError} no such queue.
   */
  async toQueue(
    queue: string,
    messages: readonly Message[],
    options: { readonly delayMs?: number; readonly extra?: Extra; readonly timestamp?: number } =
      {},
  ): Promise<void> {
    const { delayMs = 0, extra = {}, timestamp } = options;
    const place = this.#known(queue) ?? await this.#find(queue);
    if (delayMs > 0) return await this.#delay(messages, delayMs, { [delayFields.queue]: queue });
    const fields = { ...extra, ...place.extra };
    await this.#append(place, messages.map((each) => encodeRecord(each, fields, timestamp)));
    if (place.topic !== queue) return;
    for (const { expiration } of messages) {
      if (expiration !== undefined) this.#on.expires(queue, (timestamp ?? Date.now()) + expiration);
    }
  }

  /** The same for what is bound to a topic when the delay is over. */
  toTopicLater(topic: string, messages: readonly Message[], delayMs: number): Promise<void> {
    return this.#delay(messages, delayMs, { [delayFields.topic]: topic });
  }

  /** Appends messages for every reply queue with a broadcast. */
  async broadcast(name: string, messages: readonly Message[]): Promise<void> {
    if (!await this.#cluster.metadata.topic(repliesTopic)) return;
    const records = messages.map((message) => encodeRecord(message, { broadcast: name }));
    await this.#producer.send(repliesTopic, broadcastPartition, records, "leader");
  }

  /** Appends a record to a level. */
  async toLevel(level: number, record: NewRecord): Promise<void> {
    await this.#producer.send(delayTopic, level, [record], "all");
  }

  async #delay(messages: readonly Message[], delayMs: number, to: Extra): Promise<void> {
    await this.ensureDelays();
    const { level, left } = firstHop(delayMs);
    const fields = {
      ...to,
      [delayFields.due]: `${Date.now() + delayMs}`,
      [delayFields.left]: `${left}`,
    };
    await this.#producer.send(
      delayTopic,
      level,
      messages.map((message) => encodeRecord(message, fields)),
      "all",
    );
    this.#on.delayed();
  }

  /** Keeps a record that is due but has nowhere to go. */
  async toUndeliverable(record: NewRecord): Promise<void> {
    const name = undeliverableTopic;
    await ensureTopics(this.#cluster, this.#target, [
      { name, partitions: 1, settings: topicSettings.undeliverable },
    ]);
    await this.#producer.send(name, 0, [record], "all");
  }

  /** Makes the topic of delayed records, if it is not there. */
  async ensureDelays(): Promise<void> {
    this.#delaysMade ??= ensureTopics(this.#cluster, this.#target, [
      { name: delayTopic, partitions: levelCount, settings: topicSettings.queue },
    ]);
    try {
      await this.#delaysMade;
    } catch (error) {
      this.#delaysMade = undefined;
      throw error;
    }
  }

  async #append({ topic, partition, acks }: Place, records: readonly NewRecord[]): Promise<void> {
    await this.#producer.send(topic, partition, records, acks);
  }

  #known(queue: string, topic = this.#cluster.metadata.known(queue)): Place | undefined {
    if (topic) {
      const partition = topic.leaders.length === 1 ? 0 : this.#turn++ % topic.leaders.length;
      return { topic: queue, partition, acks: "all" };
    }
    const reply = this.#directory.reply(queue);
    return reply && {
      topic: repliesTopic,
      partition: reply.partition,
      extra: { to: queue },
      acks: "leader",
    };
  }

  async #find(queue: string): Promise<Place> {
    this.#cluster.check();
    // What was found may be forgotten again by now: its leader is gone. It is there all the same.
    const [topic] = await Promise.all([
      this.#cluster.metadata.topic(queue),
      this.#directory.sync(),
    ]);
    const place = this.#known(queue, topic);
    if (place) return place;
    throw new QueueNotFoundError(queue);
  }
}
