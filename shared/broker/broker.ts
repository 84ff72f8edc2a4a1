/**
 * The broker contract: what the enqueuer and the dequeuer may ask of any broker, and what every
 * driver guarantees. Types and guarantees only; the conformance suite (tests/conformance/) is
 * their meaning.
 *
 * @module
 */
import type { ResultStore, ResultStoreOptions } from "../results/result_store.ts";
import type { SpoolStore } from "../spool/spool_store.ts";
import type { Message, MessageHeaders } from "./message.ts";

export * from "./message.ts";

/**
 * A work queue as it is declared: durable, shared by competing consumers, with its dead-letter queue,
 * with whatever the driver needs to delay messages for it, and bound to topic patterns (`order.*`, `#`).
 * Bindings are durable, and add to those that were declared before, by whomever: only what `unbind`
 * names is bound no longer.
 */
export interface WorkQueueSpec {
  /** What kind of queue it is. */
  readonly kind: "work";
  /** Its name. */
  readonly name: string;
  /** The name of the queue for its dead letters. */
  readonly deadLetterQueue: string;
  /** Patterns that it is bound to. */
  readonly topics?: readonly string[];
  /** Patterns that it is not to be bound to; it may never have been. */
  readonly unbind?: readonly string[];
}

/**
 * A reply queue as it is declared: it exists for its declarer alone, is not durable, needs no settling,
 * and is gone when the broker handle that declared it is. It gets a copy of what is broadcast under the
 * names that it is declared with.
 */
export interface ReplyQueueSpec {
  /** What kind of queue it is. */
  readonly kind: "reply";
  /** Its name. */
  readonly name: string;
  /** The broadcasts that it gets. */
  readonly broadcasts?: readonly string[];
}

/** A queue as it is declared. */
export type QueueSpec = WorkQueueSpec | ReplyQueueSpec;

/**
 * Where a message goes: a queue by its name, every work queue bound to a matching topic, or every
 * reply queue declared with that broadcast. A broadcast reaches who is there: nobody's being there
 * is no error, nothing is kept for later or over a restart, and it is not delayed.
 */
export type Address =
  | { readonly queue: string }
  | { readonly topic: string }
  | { readonly broadcast: string };

/** How {@link Broker.publish} publishes. */
export interface PublishOptions {
  /**
   * Wait for the broker's confirmation. Without it the promise resolves when the message is
   * handed over, and a message that reaches no queue is dropped and given to `onUnroutable`.
   * @default true
   */
  readonly confirm?: boolean;
  /**
   * Called for each message that reaches no queue and is no error: an unconfirmed one that the
   * broker could not route, if it says so, and each one to a topic that no queue is bound to, before
   * the promise resolves if it is confirmed. Not for what is delayed, since nobody knows yet who
   * will be bound, and not for broadcasts. An unconfirmed message with it may be published again
   * after a loss of the connection, and so come twice.
   */
  readonly onUnroutable?: (message: Message) => void;
  /** Milliseconds before the messages become visible to consumers; not for broadcasts. @default 0 */
  readonly delayMs?: number;
}

/** A message handed to a consumer: plain data, settled by {@link Broker.settle}. */
export interface Delivery {
  /** The queue that it came from. */
  readonly queue: string;
  /** What was published. */
  readonly message: Message;
  /** 1 on the first try; one more after each `retry`. */
  readonly attempt: number;
  /**
   * How often the broker handed it out before without its being settled (a consumer died, or
   * released it), or 0 where the broker does not count (see {@link Capabilities}).
   */
  readonly redeliveries: number;
  /** The driver's own; means nothing to others. */
  readonly token: unknown;
}

/**
 * What becomes of a delivery. `headers` are merged into the message's own where it lives on.
 *
 * - `ack`: done, gone.
 * - `retry`: comes back after `delayMs`, behind what was waiting by then, with `attempt` one higher, unless `countsAttempt` is false;
 *   meanwhile it is held by the broker, not by the consumer.
 * - `dead`: moves to the dead-letter queue, with {@link DEAD_REASON}, {@link DEAD_AT} and
 *   {@link DEAD_QUEUE}.
 * - `release`: back to the queue at once, as if it had not been delivered.
 */
export type Settlement =
  | { readonly kind: "ack"; readonly delivery: Delivery }
  | {
    readonly kind: "retry";
    readonly delivery: Delivery;
    readonly delayMs: number;
    readonly countsAttempt?: boolean;
    readonly headers?: MessageHeaders;
  }
  | {
    readonly kind: "dead";
    readonly delivery: Delivery;
    readonly reason: string;
    readonly headers?: MessageHeaders;
  }
  | { readonly kind: "release"; readonly delivery: Delivery };

/** How {@link Broker.consume} consumes. */
export interface ConsumeOptions {
  /** How many deliveries may be unsettled at once, at least 1. Reply queues are not limited. */
  readonly prefetch: number;
  /**
   * Ends the iteration: nothing more is fetched, what was fetched but not yet yielded is
   * released, and what was yielded can still be settled.
   */
  readonly signal: AbortSignal;
}

/** The state of a work queue. What a broker cannot say is left out. */
export interface QueueStats {
  /** Ready to be delivered. */
  readonly ready: number;
  /** In the dead-letter queue. */
  readonly dead: number;
  /** Those who consume it. */
  readonly consumers: number;
  /** Delivered and not yet settled. */
  readonly inFlight?: number;
  /** Waiting for their time: delayed messages and retries. */
  readonly delayed?: number;
  /** Age of the oldest ready message, milliseconds. */
  readonly oldestAgeMs?: number;
}

/**
 * In which order ready messages of different priorities are delivered.
 *
 * - `strict`: the most urgent first, equally urgent ones in their order.
 * - `shares`: of 5 to 9 and of 0 to 4, the former get the larger share while there are both; it
 *   makes no other difference.
 * - `none`: in their order, whatever their priority.
 */
export type Priorities = "strict" | "shares" | "none";

/** What differs between brokers, declared and never guessed. */
export interface Capabilities {
  /** The driver's name, as in logs and metrics: `memory`, `sqlite`, `rabbitmq` ... */
  readonly system: string;
  /** Confirmed durable messages survive a restart of the broker. */
  readonly durable: boolean;
  /** Another process can open the same broker. */
  readonly shared: boolean;
  /**
   * What priorities do. Without it that is not known yet: the server's version decides, and there
   * was no connection so far.
   */
  readonly priorities?: Priorities;
  /** {@link Delivery.redeliveries} is counted. */
  readonly countsRedeliveries: boolean;
  /** A delay is rounded up to a multiple of this, milliseconds. */
  readonly delayResolutionMs: number;
  /** The longest delay, milliseconds. */
  readonly maxDelayMs: number;
  /**
   * How long a consumer may hold a delivery by the broker's default, milliseconds; what the server
   * is configured to may be another. A delivery that is held for longer is lost and comes again.
   * Without it there is no limit.
   */
  readonly maxHoldMs?: number;
  /** The largest message body, bytes. */
  readonly maxMessageBytes: number;
  /** The most that properties and headers of a message may take together, bytes. */
  readonly maxHeaderBytes: number;
}

/** Whether the broker can be reached just now. */
export interface BrokerStatus {
  /** Whether it can be reached. */
  readonly connected: boolean;
  /** For an operator: where it is connected to, or what stands in the way. Holds no secret. */
  readonly detail: string;
  /** For an operator: what may be lost as the server is set up, though all works. */
  readonly warning?: string;
}

/**
 * A handle on a broker. It owns its connections and renews them by itself: after an outage the
 * queues declared through it are declared again, its consumers go on, and publishing works again.
 * Disposing of it ends its consumers, releases what they hold, and closes the connections.
 */
export interface Broker extends AsyncDisposable {
  /** Once connected they are complete; a connection to another version of the server may change them. */
  readonly capabilities: Capabilities;

  /** Whether it is connected just now. */
  readonly status: BrokerStatus;

  /**
   * Declares a queue with all that belongs to it. Idempotent. Waits for the connection.
   * @throws {QueueMismatchError} it exists already, but with other properties.
   */
  declare(queue: QueueSpec, options?: { readonly signal?: AbortSignal }): Promise<void>;

  /**
   * Publishes, and resolves when the broker has confirmed all the messages (durable ones to
   * disk). It never waits for a lost connection, and rejects within ten seconds when no
   * confirmation comes. The messages of one call to one queue keep their order.
   *
   * @throws {BrokerUnavailableError} not connected, blocked by the broker, or no confirmation.
   * @throws {QueueNotFoundError} no such queue; none is created. A topic or broadcast nobody gets is no error.
   * @throws {QueueFullError} the broker refused the message.
   * @throws {MessageTooLargeError} body or headers are over the limits of {@link Capabilities}.
   */
  publish(to: Address, messages: readonly Message[], options?: PublishOptions): Promise<void>;

  /**
   * Consumes a declared or otherwise existing queue. The iteration goes on through outages, and
   * ends when the signal aborts or the broker is disposed of. Leaving the loop early is the same
   * as aborting.
   * @throws {QueueNotFoundError} no such queue, when consuming starts.
   * @throws {ReplyQueueLostError} a reply queue did not come back after an outage.
   */
  consume(queue: string, options: ConsumeOptions): AsyncIterable<Delivery>;

  /**
   * Settles deliveries, in any order, each once. A `retry` or `dead` is confirmed in its new
   * place before it leaves the old one.
   * @throws {DeliveryLostError} the delivery is no longer this consumer's; it comes again.
   * @throws {BrokerUnavailableError} as in {@link Broker.publish}; the delivery comes again.
   */
  settle(settlements: readonly Settlement[]): Promise<void>;

  /**
   * The state of a work queue.
   * @throws {QueueNotFoundError} no such queue.
   * @throws {BrokerUnavailableError} not connected.
   */
  stats(queue: string): Promise<QueueStats>;

  /**
   * The store of this broker for the states and responses of requests. It shares the handle's
   * connections, and is to be disposed of before it. Returns at once, connected or not.
   */
  results(options: ResultStoreOptions): ResultStore;

  /**
   * The spools of this broker, for bodies that are too large for a message. They share the handle's
   * connections, and end with it. Returns at once, connected or not.
   */
  spools(): SpoolStore;
}

/** What every driver takes when it is opened. */
export interface BrokerOptions {
  /** Names this client to operators, e.g. `proxymq-enqueuer`. */
  readonly name: string;
  /** Told when {@link Broker.status} changes. */
  readonly onStatus?: (status: BrokerStatus) => void;
}
