/**
 * Kafka, 4.2 or later. A work queue is a topic, consumed by the share group of the same name: its
 * records are handed out, held and settled one by one, to any number of consumers.
 *
 * @module
 */
import type { ResultStore, ResultStoreOptions } from "../../results/result_store.ts";
import type { SpoolStore } from "../../spool/spool_store.ts";
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
  Settlement,
} from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { BrokerUnavailableError, MessageTooLargeError } from "../errors.ts";
import { Unconfirmed } from "../unconfirmed.ts";
import { Cluster } from "./cluster.ts";
import { Declared } from "./declared.ts";
import { maxDelayMs } from "./delays.ts";
import { Directory } from "./directory.ts";
import { Expiry } from "./expiry.ts";
import { Mover } from "./mover.ts";
import { Producer } from "./producer.ts";
import { encodeRecord, headerBytes } from "./record.ts";
import { Replies } from "./replies.ts";
import { topicResults } from "./results.ts";
import { Router } from "./router.ts";
import { settle } from "./settling.ts";
import { TopicSpools, type TopicSpoolsOptions } from "./spools.ts";
import { statsOf } from "./stats.ts";
import { tidy } from "./tidying.ts";
import { GroupSettings, maxHeaderBytes, maxMessageBytes } from "./topics.ts";
import { parseUrl, type Target } from "./url.ts";
import { type Consuming, WorkConsumer } from "./work_consumer.ts";

const capabilities: Capabilities = {
  system: "kafka",
  durable: true,
  shared: true,
  priorities: "none",
  countsRedeliveries: true,
  delayResolutionMs: 1,
  maxDelayMs,
  maxMessageBytes,
  maxHeaderBytes,
};

/**
 * Opens Kafka. The handle comes back at once and connects in the background.
 *
 * @param url `kafka://host:9092`; see {@link parseUrl}.
 * @throws {BrokerUrlError} the URL cannot be read.
 */
export function open(url: string, options: BrokerOptions): Promise<Broker> {
  return new Promise((resolve) => resolve(new KafkaBroker(parseUrl(url), options)));
}

class KafkaBroker implements Broker {
  readonly capabilities = capabilities;
  readonly #target: Target;
  readonly #options: BrokerOptions;
  readonly #cluster: Cluster;
  readonly #producer: Producer;
  readonly #directory: Directory;
  readonly #declared: Declared;
  readonly #replies: Replies;
  readonly #router: Router;
  readonly #unconfirmed: Unconfirmed;
  readonly #consuming: Consuming;
  readonly #expiry: Expiry;
  readonly #consumers = new Set<WorkConsumer>();
  readonly #tidying: Promise<void>;
  #mover: Mover | undefined;
  #status: BrokerStatus;
  #disposal: Promise<void> | undefined;

  constructor(target: Target, options: BrokerOptions) {
    // Short, for the names of its members start with it.
    const handle = crypto.randomUUID().slice(0, 18);
    this.#target = target;
    this.#options = options;
    this.#status = { connected: false, detail: `connecting to Kafka at ${target.shown}` };
    this.#cluster = new Cluster({
      target,
      name: options.name,
      setUp: () => this.#directory.setUp(),
      onChange: () => this.#changed(),
    });
    this.#producer = new Producer(this.#cluster);
    this.#directory = new Directory(this.#cluster, target, this.#producer, handle);
    const groups = new GroupSettings(this.#cluster);
    this.#declared = new Declared(this.#cluster, target, this.#directory, groups);
    this.#replies = new Replies(this.#cluster, target, this.#directory, handle);
    this.#router = new Router(
      this.#cluster,
      target,
      this.#directory,
      this.#producer,
      {
        delayed: () => this.#move(),
        expires: (queue, at) => this.#expiry.note(queue, at),
      },
    );
    this.#unconfirmed = new Unconfirmed({
      ready: (signal) => this.#cluster.ready(signal),
      closing: this.#cluster.closing,
    });
    this.#consuming = {
      cluster: this.#cluster,
      groups,
      directory: this.#directory,
      router: this.#router,
      handle,
      deadLetterQueue: (queue) => this.#declared.deadLetterQueue(queue),
      redeclare: (queue) => this.#declared.redeclare(queue),
    };
    this.#expiry = new Expiry(this.#consuming);
    this.#tidying = tidy({
      cluster: this.#cluster,
      consumed: () => [...this.#consumers].map(({ queue }) => queue),
      delayed: () => this.#move(),
    });
  }

  get status(): BrokerStatus {
    return this.#status;
  }

  async declare(queue: QueueSpec, options?: { readonly signal?: AbortSignal }): Promise<void> {
    for (;;) {
      await this.#cluster.ready(options?.signal);
      const { generation } = this.#cluster;
      try {
        if (queue.kind === "reply") {
          return await this.#replies.declare(queue.name, queue.broadcasts ?? []);
        }
        return await this.#declared.declare(queue);
      } catch (error) {
        const lost = this.#cluster.generation !== generation;
        if (!lost || !(error instanceof BrokerUnavailableError)) throw error;
        options?.signal?.throwIfAborted();
      }
    }
  }

  async publish(
    to: Address,
    messages: readonly Message[],
    options: PublishOptions = {},
  ): Promise<void> {
    await this.#cluster.firstTry;
    this.#cluster.check();
    const { confirm = true, delayMs = 0 } = options;
    for (const message of messages) checkSize(message);
    if (delayMs > maxDelayMs) {
      throw new RangeError(`a delay of ${delayMs} ms is over the limit of ${maxDelayMs}`);
    }
    if (messages.length === 0) return;
    const send = () => this.#publish(to, messages, options);
    if (confirm) await send();
    else this.#unconfirmed.publish(messages, options, send);
  }

  consume(queue: string, options: ConsumeOptions): AsyncIterable<Delivery> {
    if (this.#disposal) {
      const failed = new DeliveryBuffer(() => {});
      failed.end(new BrokerUnavailableError("the broker handle is closed"));
      return failed;
    }
    const replies = this.#replies.consume(queue, options.signal);
    if (replies) return replies;
    const consumer = new WorkConsumer(this.#consuming, queue, options);
    this.#consumers.add(consumer);
    consumer.ended.finally(() => this.#consumers.delete(consumer));
    return consumer.buffer;
  }

  settle(settlements: readonly Settlement[]): Promise<void> {
    if (this.#disposal) {
      return Promise.reject(new BrokerUnavailableError("the broker handle is closed"));
    }
    return settle(settlements, this.#consuming);
  }

  async stats(queue: string): Promise<QueueStats> {
    await this.#cluster.firstTry;
    this.#cluster.check();
    return await statsOf(queue, {
      cluster: this.#cluster,
      directory: this.#directory,
      deadLetterQueue: (queue) => this.#declared.deadLetterQueue(queue),
      held: (queue) => this.#held(queue),
    });
  }

  results(options: ResultStoreOptions): ResultStore {
    return topicResults(this.#shared, options);
  }

  spools(): SpoolStore {
    return new TopicSpools(this.#shared);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#dispose();
  }

  get #shared(): TopicSpoolsOptions {
    return { cluster: this.#cluster, target: this.#target, producer: this.#producer };
  }

  async #dispose(): Promise<void> {
    this.#replies.end();
    await Promise.allSettled([
      ...[...this.#consumers].map((consumer) => consumer.close()),
      this.#mover?.stop(),
      this.#expiry.stop(),
    ]);
    await this.#directory.leave();
    await this.#cluster.close();
    await Promise.allSettled([this.#directory.ended, this.#replies.ended(), this.#tidying]);
    this.#changed();
  }

  #changed(): void {
    const { connected, trouble } = this.#cluster;
    const detail = this.#disposal
      ? "closed"
      : connected
      ? `connected to Kafka at ${this.#target.shown}`
      : `not connected to Kafka at ${this.#target.shown}: ${trouble}`;
    const now = { connected: connected && !this.#disposal, detail };
    if (now.connected === this.#status.connected && now.detail === this.#status.detail) return;
    this.#status = now;
    this.#options.onStatus?.(now);
  }

  async #publish(
    to: Address,
    messages: readonly Message[],
    { onUnroutable, delayMs = 0 }: PublishOptions,
  ): Promise<void> {
    if ("broadcast" in to) return await this.#router.broadcast(to.broadcast, messages);
    if ("queue" in to) return await this.#router.toQueue(to.queue, messages, { delayMs });
    const queues = await this.#router.queues(to);
    if (queues.length === 0) { for (const message of messages) onUnroutable?.(message); }
    else if (delayMs > 0) await this.#router.toTopicLater(to.topic, messages, delayMs);
    else await Promise.all(queues.map((queue) => this.#router.toQueue(queue, messages)));
  }

  #held(queue: string): number {
    const own = [...this.#consumers].filter((consumer) => consumer.queue === queue);
    return own.reduce((sum, consumer) => sum + consumer.held, 0);
  }

  /** Starts to move what is delayed. */
  #move(): void {
    if (this.#disposal) return;
    this.#mover ??= new Mover(this.#consuming);
  }
}

function checkSize(message: Message): void {
  const { length } = message.body;
  if (length > maxMessageBytes) {
    throw new MessageTooLargeError(
      `a body of ${length} bytes is over the limit of ${maxMessageBytes}`,
    );
  }
  const bytes = headerBytes(encodeRecord(message));
  if (bytes > maxHeaderBytes) {
    throw new MessageTooLargeError(
      `headers of ${bytes} bytes are over the limit of ${maxHeaderBytes}`,
    );
  }
}
