import { setTimeout as delay } from "node:timers/promises";
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
  Priorities,
  PublishOptions,
  QueueSpec,
  QueueStats,
  Settlement,
} from "../broker.ts";
import { BrokerUnavailableError, QueueNotFoundError } from "../errors.ts";
import { AckFlush } from "./ack_flush.ts";
import { Connection } from "./connection.ts";
import { Consumer } from "./consumer.ts";
import { delayUnitMs, maxDelayMs } from "./delay_levels.ts";
import { blockedText, maxHeaderBytes, maxMessageBytes, Publisher } from "./publisher.ts";
import { brokerError, replyCodeOf, replyCodes } from "./refusal.ts";
import { streamResults } from "./results.ts";
import { prioritiesOf, priorityRemark, shortcoming } from "./server.ts";
import { settle, type SettlingOptions } from "./settling.ts";
import { StreamSpools } from "./spools.ts";
import { onChannel } from "./throwaway.ts";
import { Topology } from "./topology.ts";
import { type Host, parseUrl, type Target } from "./url.ts";

/** The server's delivery acknowledgement timeout, which AMQP does not tell, by its default. */
const maxHoldMs = 30 * 60_000;

/**
 * Opens RabbitMQ. The handle comes back at once and connects in the background.
 *
 * @param url `amqp://`, `amqps://`, `ws://` or `wss://`, with one or several hosts (`a:5672,b`) and
 * the parameters `queueType` (`quorum`, `classic`, `classic-priority`; default `quorum`),
 * `heartbeat` (seconds; default 10), and over WebSocket `vhost`.
 * @throws {BrokerUrlError} the URL cannot be read.
 */
export function open(url: string, options: BrokerOptions): Promise<Broker> {
  return new Promise((resolve) => resolve(new RabbitBroker(parseUrl(url), options)));
}

/** Two connections, one to publish and one to consume, and what is known of the queues. */
class RabbitBroker implements Broker {
  readonly #target: Target;
  readonly #options: BrokerOptions;
  readonly #closing = new AbortController();
  readonly #topology: Topology;
  readonly #consuming: Connection;
  readonly #publisher: Publisher;
  readonly #consumers = new Set<Consumer>();
  readonly #acks: AckFlush;
  readonly #settling: SettlingOptions;
  /** Until the first try to connect has ended, well or not. */
  #starting: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  #consumerCount = 0;
  #capabilities: Capabilities;
  #status: BrokerStatus;
  #disposal: Promise<void> | undefined;

  constructor(target: Target, options: BrokerOptions) {
    this.#target = target;
    this.#options = options;
    this.#capabilities = capabilitiesOf(target, undefined);
    this.#status = { connected: false, detail: `connecting to ${target.shown}` };
    this.#acks = new AckFlush(target.queueType === "quorum");
    this.#topology = new Topology(target, this.#closing.signal);
    const onChange = () => this.#changed();
    this.#consuming = new Connection({
      target,
      name: `${options.name} consume`,
      setUp: (client) => this.#topology.redeclare(client),
      onChange,
    });
    this.#publisher = new Publisher({
      target,
      name: options.name,
      declared: (signal) => this.#consuming.ready(signal),
      onChange,
    });
    this.#settling = {
      republish: (queue, message, delayMs) => this.#publisher.republish(queue, message, delayMs),
      deadLetterQueue: (queue) => this.#topology.deadLetterQueue(queue),
      redeclare: (queue) => this.#redeclare(queue),
    };
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  get status(): BrokerStatus {
    return this.#status;
  }

  async declare(queue: QueueSpec, options?: { readonly signal?: AbortSignal }): Promise<void> {
    for (;;) {
      const client = await this.#consuming.ready(options?.signal);
      try {
        await this.#topology.declare(client, queue);
        await this.#publisher.connection.ready(options?.signal);
        return;
      } catch (error) {
        const lost = client.closed || this.#consuming.client !== client;
        if (!lost || !(error instanceof BrokerUnavailableError)) throw error;
        options?.signal?.throwIfAborted();
      }
    }
  }

  publish(to: Address, messages: readonly Message[], options?: PublishOptions): Promise<void> {
    if (this.#starting) {
      return this.#starting.promise.then(() => this.#publisher.publish(to, messages, options));
    }
    return this.#publisher.publish(to, messages, options);
  }

  consume(queue: string, options: ConsumeOptions): AsyncIterable<Delivery> {
    const consumer = new Consumer({
      ...options,
      connection: this.#consuming,
      topology: this.#topology,
      acks: this.#acks,
      queue,
      tag: `${this.#options.name} ${++this.#consumerCount}`,
    });
    this.#consumers.add(consumer);
    consumer.ended.finally(() => this.#consumers.delete(consumer));
    if (this.#disposal) consumer.dispose();
    return consumer.buffer;
  }

  settle(settlements: readonly Settlement[]): Promise<void> {
    return settle(settlements, this.#settling);
  }

  async stats(queue: string): Promise<QueueStats> {
    await this.#starting?.promise;
    const client = this.#consuming.client;
    if (!client) throw new BrokerUnavailableError(this.#status.detail);
    const deadLetterQueue = this.#topology.deadLetterQueue(queue) ??
      queue.replace(/_requests$/, "_dlq");
    const count = (name: string) =>
      onChannel(client, (channel) => channel.queueDeclare(name, { passive: true }));
    try {
      const [work, dead] = await Promise.all([
        count(queue),
        deadLetterQueue === queue ? undefined : count(deadLetterQueue).catch(emptyIfMissing),
      ]);
      return {
        ready: work.messageCount,
        dead: dead?.messageCount ?? 0,
        consumers: work.consumerCount,
      };
    } catch (error) {
      throw replyCodeOf(error) === replyCodes.notFound
        ? new QueueNotFoundError(queue)
        : brokerError(error);
    }
  }

  results(options: ResultStoreOptions): ResultStore {
    return streamResults(this.#consuming, this.#publisher, options);
  }

  spools(): SpoolStore {
    return new StreamSpools(this.#consuming, this.#publisher, this.#closing.signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#closing.abort();
    this.#started();
    const consumers = [...this.#consumers];
    for (const consumer of consumers) consumer.end();
    if (this.#consuming.client) await delay(this.#acks.remainingMs);
    this.#acks[Symbol.dispose]();
    for (const consumer of consumers) consumer.dispose();
    await Promise.all([this.#publisher.close(), this.#consuming.close()]);
    await Promise.all(consumers.map((consumer) => consumer.ended));
    this.#update({ connected: false, detail: "closed" });
  }

  async #redeclare(queue: string): Promise<void> {
    const spec = this.#topology.spec(queue);
    const client = this.#consuming.client;
    if (spec && client) await this.#topology.declare(client, spec);
  }

  #changed(): void {
    if (this.#disposal) return;
    const { shown, queueType } = this.#target;
    const consuming = this.#consuming.client;
    const publishing = this.#publisher.connection.client;
    if (consuming) this.#publisher.connection.hurry();
    if (publishing) this.#consuming.hurry();
    if (!consuming || !publishing) {
      const { starting, trouble } = consuming ? this.#publisher.connection : this.#consuming;
      if (starting) return;
      this.#started();
      const detail = `not connected to RabbitMQ at ${shown}: ${trouble}`;
      return this.#update({ connected: false, detail });
    }
    const { server } = publishing;
    this.#capabilities = capabilitiesOf(this.#target, prioritiesOf(server, this.#target));
    this.#started();
    const { product = "an AMQP server", version = "" } = server ?? {};
    const where = places(this.#publisher.connection.host, this.#consuming.host);
    const remarks = [
      publishing.blocked === undefined ? undefined : blockedText(publishing),
      shortcoming(server, queueType),
      priorityRemark(server, this.#target),
      this.#topology.trouble,
    ].filter(Boolean);
    const detail = [`connected to ${product} ${version} at ${where}`, ...remarks].join("; ");
    this.#update({ connected: true, detail });
  }

  #started(): void {
    this.#starting?.resolve();
    this.#starting = undefined;
  }

  #update(status: BrokerStatus): void {
    const { connected, detail } = this.#status;
    if (connected === status.connected && detail === status.detail) return;
    this.#status = status;
    this.#options.onStatus?.(status);
  }
}

function places(publishing: Host | undefined, consuming: Host | undefined): string {
  if (publishing === consuming) return publishing?.shown ?? "";
  return `${publishing?.shown} to publish and at ${consuming?.shown} to consume`;
}

function emptyIfMissing(error: unknown): undefined {
  if (replyCodeOf(error) !== replyCodes.notFound) throw error;
}

function capabilitiesOf(
  { queueType }: Target,
  priorities: Priorities | undefined,
): Capabilities {
  return {
    system: "rabbitmq",
    durable: true,
    shared: true,
    ...(priorities === undefined ? {} : { priorities }),
    countsRedeliveries: queueType === "quorum",
    delayResolutionMs: delayUnitMs,
    maxDelayMs,
    maxHoldMs,
    maxMessageBytes,
    maxHeaderBytes,
  };
}
