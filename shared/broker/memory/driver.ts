/**
 * The broker of one process: `memory:NAME`. The reference for the other drivers.
 *
 * @module
 */

import { ATTEMPT } from "../broker.ts";
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
import type { ResultStore, ResultStoreOptions } from "../../results/result_store.ts";
import type { SpoolStore } from "../../spool/spool_store.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { BrokerUnavailableError, DeliveryLostError, MessageTooLargeError } from "../errors.ts";
import { Consumer, Lease } from "./consumer.ts";
import { MemoryResultStore } from "./result_store.ts";
import { MemorySpoolStore } from "./spools.ts";
import { Store } from "./store.ts";

const capabilities: Capabilities = {
  system: "memory",
  durable: false,
  shared: false,
  priorities: "strict",
  countsRedeliveries: true,
  delayResolutionMs: 1,
  maxDelayMs: 2 ** 31 - 1,
  maxMessageBytes: 2 ** 27,
  maxHeaderBytes: 2 ** 17,
};

/**
 * Opens `memory:NAME`. The handles of one process with one name share their queues, which are
 * gone with the last of them.
 */
export function open(url: string, options: BrokerOptions): Promise<Broker> {
  return Promise.resolve(new MemoryBroker(url.slice("memory:".length), options));
}

class MemoryBroker implements Broker {
  readonly capabilities = capabilities;
  readonly #store: Store;
  readonly #consumers = new Set<Consumer>();
  readonly #options: BrokerOptions;
  readonly #closing = new AbortController();
  #status: BrokerStatus;

  constructor(name: string, options: BrokerOptions) {
    this.#store = Store.join(name, this);
    this.#options = options;
    this.#status = { connected: true, detail: `memory:${name}` };
  }

  get status(): BrokerStatus {
    return this.#status;
  }

  declare(queue: QueueSpec): Promise<void> {
    return this.#whileOpen(() => this.#store.declare(queue, this));
  }

  publish(
    to: Address,
    messages: readonly Message[],
    { confirm = true, onUnroutable, delayMs = 0 }: PublishOptions = {},
  ): Promise<void> {
    return this.#whileOpen(() => {
      for (const message of messages) checkSize(message);
      checkDelay(delayMs);
      if (confirm && "queue" in to) this.#store.queue(to.queue);
      const queues = this.#store.route(to);
      for (const message of messages) {
        for (const queue of queues) queue.add(message, "broadcast" in to ? 0 : delayMs);
        if (queues.length === 0 && isTold(to, confirm, delayMs)) onUnroutable?.(message);
      }
    });
  }

  consume(queue: string, options: ConsumeOptions): AsyncIterable<Delivery> {
    for (const consumer of this.#consumers) {
      if (consumer.isDone) this.#consumers.delete(consumer);
    }
    try {
      this.#checkOpen();
      const consumer = new Consumer(this.#store.queueFor(queue, this), options);
      this.#consumers.add(consumer);
      return consumer.deliveries;
    } catch (error) {
      const failed = new DeliveryBuffer(() => {});
      failed.end(error);
      return failed;
    }
  }

  settle(settlements: readonly Settlement[]): Promise<void> {
    return this.#whileOpen(() => {
      for (const settlement of settlements) {
        if (settlement.kind === "retry") checkDelay(settlement.delayMs);
      }
      const lost = settlements.filter((settlement) => !this.#settle(settlement));
      if (lost.length === 0) return;
      throw new DeliveryLostError(
        `${lost.length} of ${settlements.length} deliveries were settled before, or lost`,
      );
    });
  }

  stats(name: string): Promise<QueueStats> {
    return this.#whileOpen(() => {
      const queue = this.#store.queue(name);
      const oldest = queue.oldestReadyAt;
      return {
        ...queue.counts,
        dead: this.#store.deadLettersOf(queue)?.counts.ready ?? 0,
        ...(oldest === undefined ? {} : { oldestAgeMs: Date.now() - oldest }),
      };
    });
  }

  results(options: ResultStoreOptions): ResultStore {
    this.#checkOpen();
    const { maxMessageBytes: maxBytes } = capabilities;
    const { signal: closed } = this.#closing;
    return new MemoryResultStore(this.#store.results, options, { maxBytes, closed });
  }

  spools(): SpoolStore {
    return new MemorySpoolStore(this.#store.spools, this.#closing.signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#status.connected) {
      this.#closing.abort();
      for (const consumer of this.#consumers) consumer.close();
      this.#store.leave(this);
      this.#status = { connected: false, detail: "closed" };
      this.#options.onStatus?.(this.#status);
    }
    return Promise.resolve();
  }

  /** Returns false, and does nothing, where the delivery is no longer held. */
  #settle(settlement: Settlement): boolean {
    const { token, attempt, message } = settlement.delivery;
    if (!(token instanceof Lease) || !token.consumer.letGo(token)) return false;
    const { queue } = token.consumer;
    if (settlement.kind === "release") {
      token.entry.redeliveries++;
      queue.giveBack(token.entry);
      return true;
    }
    queue.forget();
    if (settlement.kind === "retry") {
      const next = attempt + (settlement.countsAttempt === false ? 0 : 1);
      const headers = { ...message.headers, ...settlement.headers, [ATTEMPT]: next };
      queue.add({ ...message, headers }, settlement.delayMs);
    } else if (settlement.kind === "dead") {
      this.#store.bury(queue, message, settlement.reason, settlement.headers);
    }
    queue.deliver();
    return true;
  }

  #whileOpen<T>(action: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#checkOpen();
      resolve(action());
    });
  }

  #checkOpen(): void {
    if (!this.#status.connected) throw new BrokerUnavailableError("the broker handle is closed");
  }
}

function checkSize({ body, ...properties }: Message): void {
  if (body.length > capabilities.maxMessageBytes) {
    throw new MessageTooLargeError(
      `a body of ${body.length} bytes is over the limit of ${capabilities.maxMessageBytes}`,
    );
  }
  const headerBytes = new TextEncoder().encode(JSON.stringify(properties)).length;
  if (headerBytes > capabilities.maxHeaderBytes) {
    throw new MessageTooLargeError(
      `headers of ${headerBytes} bytes are over the limit of ${capabilities.maxHeaderBytes}`,
    );
  }
}

/** Whether a publisher is told of a message that no queue gets. */
function isTold(to: Address, confirm: boolean, delayMs: number): boolean {
  return "topic" in to ? delayMs === 0 : "queue" in to && !confirm;
}

function checkDelay(delayMs: number): void {
  if (delayMs <= capabilities.maxDelayMs) return;
  throw new RangeError(`a delay of ${delayMs} ms is over the limit of ${capabilities.maxDelayMs}`);
}
