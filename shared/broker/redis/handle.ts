import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
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
import { within } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";
import type { Client } from "./client.ts";
import { Connection } from "./connection.ts";
import { Consumer } from "./consumer.ts";
import { end, type Leased } from "./consuming.ts";
import { Declared } from "./declared.ts";
import { maxHeaderBytes, maxMessageBytes } from "./fields.ts";
import { Leases } from "./leases.ts";
import type { Gathering } from "./gathering.ts";
import { Publisher } from "./publisher.ts";
import { ReplyReader } from "./reply_reader.ts";
import { RedisResultStore } from "./result_store.ts";
import { Script } from "./script.ts";
import { readServer, type Server } from "./server.ts";
import { settle, settlingBy } from "./settling.ts";
import { RedisSpoolStore } from "./spool_store.ts";
import { queueStats } from "./stats.ts";
import { Subscriptions } from "./subscriptions.ts";
import { Ticker } from "./ticker.ts";
import type { Target } from "./url.ts";

const flushTimeoutMs = 2000;
const maxDelayMs = 365 * 86_400_000;

/**
 * One connection for all that is answered at once, and one for each consumer, which waits on it.
 */
export class RedisBroker implements Broker {
  readonly #target: Target;
  readonly #options: BrokerOptions;
  readonly #id = randomUUID();
  readonly #closing = new AbortController();
  readonly #subscriptions: Subscriptions;
  readonly #connection: Connection;
  readonly #publisher: Publisher;
  readonly #settling: Gathering;
  readonly #declared: Declared;
  readonly #consumers = new Set<Consumer>();
  readonly #readers = new Set<ReplyReader>();
  readonly #ticker: Ticker;
  readonly #leases: Leases<Consumer>;
  #abandoned: Leased[] = [];
  #count = 0;
  #server: Server | undefined;
  #capabilities: Capabilities;
  #status: BrokerStatus;
  #disposal: Promise<void> | undefined;

  constructor(target: Target, options: BrokerOptions) {
    this.#target = target;
    this.#options = options;
    this.#capabilities = capabilitiesOf(undefined);
    this.#status = { connected: false, detail: `connecting to ${target.shown}` };
    this.#connection = new Connection({
      target,
      name: options.name,
      setUp: (client) => this.#setUp(client),
      onChange: () => this.#changed(),
    });
    this.#subscriptions = new Subscriptions(target, `${options.name}-subscribe`, () => {
      for (const consumer of this.#consumers) consumer.lose();
    });
    const connection = this.#connection;
    this.#publisher = new Publisher(connection, this.#closing.signal);
    this.#settling = settlingBy(connection, this.#publisher);
    this.#declared = new Declared({ id: this.#id, leaseMs: target.leaseMs });
    this.#ticker = new Ticker({
      connection,
      queues: () => {
        const consumed = [...this.#consumers].map(({ queue }) => queue);
        return new Set([...this.#declared.queues, ...consumed]);
      },
      consuming: () => this.#consumers.size > 0,
      onMissing: (queue) => {
        for (const consumer of this.#consumers) if (consumer.queue === queue) consumer.lose();
        this.#declared.redeclare(connection, queue).catch(() => {});
      },
    });
    this.#leases = new Leases({
      connection,
      leaseMs: target.leaseMs,
      consumers: () => [...this.#consumers].filter(({ name }) => name !== ""),
      owners: () => this.#declared.replies.map((queue) => ({ queue, name: this.#id })),
      onLost: (consumer) => consumer.lose(),
      onGone: (queue) => {
        this.#declared.redeclare(connection, queue).catch(() => {});
      },
    });
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  get status(): BrokerStatus {
    return this.#status;
  }

  async declare(spec: QueueSpec, options?: { readonly signal?: AbortSignal }): Promise<void> {
    for (;;) {
      await this.#connection.ready(options?.signal);
      try {
        await this.#declared.declare(this.#connection, spec);
        this.#ticker.in(0);
        return;
      } catch (error) {
        if (!(error instanceof BrokerUnavailableError)) throw error;
        options?.signal?.throwIfAborted();
      }
    }
  }

  async publish(
    to: Address,
    messages: readonly Message[],
    options: PublishOptions = {},
  ): Promise<void> {
    const { delayMs = 0 } = options;
    checkDelay(delayMs);
    this.#assertOpen();
    await this.#publisher.publish(to, messages, options);
    if (delayMs > 0) this.#ticker.in(delayMs, "queue" in to ? to.queue : undefined);
  }

  consume(queue: string, options: ConsumeOptions): AsyncIterable<Delivery> {
    const shared = {
      target: this.#target,
      connection: this.#connection,
      clientName: `${this.#options.name}-consume`,
      queue,
    };
    if (this.#declared.isReply(queue)) {
      const reader = new ReplyReader({ ...shared, signal: options.signal });
      this.#readers.add(reader);
      reader.ended.then(() => this.#readers.delete(reader));
      if (this.#disposal) reader.dispose();
      return reader.buffer;
    }
    const consumer = new Consumer({
      ...options,
      ...shared,
      newName: async (signal) => {
        const presence = await this.#subscriptions.presence(signal);
        return `${presence}/${this.#id}/${++this.#count}`;
      },
      redeclare: (queue) => this.#declared.redeclare(this.#connection, queue),
      abandon: (consumer) => this.#abandoned.push(consumer),
    });
    this.#consumers.add(consumer);
    consumer.ended.then(() => this.#consumers.delete(consumer));
    if (this.#disposal) consumer.dispose();
    this.#ticker.in(0);
    return consumer.buffer;
  }

  async settle(settlements: readonly Settlement[]): Promise<void> {
    for (const settlement of settlements) {
      if (settlement.kind === "retry") checkDelay(settlement.delayMs);
    }
    this.#assertOpen();
    await settle(this.#settling, settlements);
    for (const settlement of settlements) {
      if (settlement.kind === "retry" && settlement.delayMs > 0) {
        this.#ticker.in(settlement.delayMs, settlement.delivery.queue);
      }
    }
  }

  async stats(queue: string): Promise<QueueStats> {
    return await queueStats(this.#connection, queue);
  }

  results(options: ResultStoreOptions): ResultStore {
    this.#assertOpen();
    const { signal } = this.#closing;
    return new RedisResultStore(this.#connection, this.#subscriptions, options, signal);
  }

  spools(): SpoolStore {
    this.#assertOpen();
    return new RedisSpoolStore(this.#connection, this.#subscriptions, this.#closing.signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    await this.#flush();
    this.#closing.abort();
    this.#ticker[Symbol.dispose]();
    this.#leases[Symbol.dispose]();
    await Promise.all([
      ...[...this.#consumers].map((consumer) => consumer.dispose()),
      ...[...this.#readers].map((reader) => reader.dispose()),
      this.#connection.connected
        ? this.#declared.withdraw(this.#connection).catch(() => {})
        : undefined,
    ]);
    await Promise.all([this.#connection.close(), this.#subscriptions[Symbol.asyncDispose]()]);
    this.#update({ connected: false, detail: "closed" });
  }

  /** What was handed over without a confirmation is to be sent. */
  async #flush(): Promise<void> {
    if (!this.#connection.connected) return;
    await within(this.#publisher.flush(), { ms: flushTimeoutMs }).catch(() => {});
  }

  async #setUp(client: Client): Promise<void> {
    this.#server = await readServer(client);
    await Script.load(client);
    await this.#declared.redeclareAll(client);
    const abandoned = this.#abandoned.splice(0);
    await Promise.all(abandoned.map(({ queue, name }) => end(client, queue, name, true, [])));
  }

  #changed(): void {
    if (this.#disposal) return;
    const { connected, starting, trouble } = this.#connection;
    const { shown } = this.#target;
    if (!connected) {
      for (const consumer of this.#consumers) consumer.lose();
      if (starting) return;
      return this.#update({ connected, detail: `not connected to Redis at ${shown}: ${trouble}` });
    }
    this.#capabilities = capabilitiesOf(this.#server);
    const { product = "Redis", warnings = [] } = this.#server ?? {};
    const { trouble: mismatch } = this.#declared;
    const detail = [`connected to ${product} at ${shown}`, mismatch].filter(Boolean).join("; ");
    const warning = warnings.join("; ");
    this.#update({ connected, detail, ...(warning === "" ? {} : { warning }) });
  }

  #update(status: BrokerStatus): void {
    if (isDeepStrictEqual(this.#status, status)) return;
    this.#status = status;
    this.#options.onStatus?.(status);
  }

  #assertOpen(): void {
    if (this.#disposal) throw new BrokerUnavailableError("the broker handle is closed");
  }
}

function checkDelay(delayMs: number): void {
  if (delayMs <= maxDelayMs) return;
  throw new RangeError(`a delay of ${delayMs} ms is over the limit of ${maxDelayMs}`);
}

function capabilitiesOf(server: Server | undefined): Capabilities {
  return {
    system: "redis",
    // What a server does not say of itself is not promised.
    durable: server?.durable ?? false,
    shared: true,
    priorities: "strict",
    countsRedeliveries: true,
    delayResolutionMs: 1,
    maxDelayMs,
    maxMessageBytes,
    maxHeaderBytes,
  };
}
