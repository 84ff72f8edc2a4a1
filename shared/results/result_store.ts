/**
 * Beside the broker contract: what is kept of a request that nobody waits for with an open
 * connection, so that every enqueuer can tell its state and its response. Types and guarantees
 * only; `tests/results/` is their meaning.
 *
 * A request is entered once, by the enqueuer that takes it, before it is published. From then on
 * the dequeuers record its changes. The changes of one request take effect in the order in which
 * they were recorded; after a final one only {@link Change} with a higher `run` has an effect.
 *
 * @module
 */
import type { QueuedResponse } from "../message/envelope.ts";

/**
 * - `queued`: waits in the queue, for the first time or for its next attempt.
 * - `processing`: a dequeuer has it.
 * - `succeeded`, `failed`: the microservice has answered, with a status below 400, or another.
 * - `dead`: it stands in the dead letters.
 * - `cancelled`: it never was, or is no longer, forwarded.
 */
export type RequestState =
  | "queued"
  | "processing"
  | "succeeded"
  | "failed"
  | "dead"
  | "cancelled";

/** The states after which nothing more happens, unless a dead letter is replayed. */
export const finalStates: ReadonlySet<RequestState> = new Set([
  "succeeded",
  "failed",
  "dead",
  "cancelled",
]);

/** Whose second request gets the answer of the first: the IETF's `Idempotency-Key`. */
export interface IdempotencyClaim {
  /** The key with all that it is valid within (the service, the caller's credentials). */
  readonly key: string;
  /** A digest of what was asked for. */
  readonly fingerprint: string;
}

/** A request as it is entered. */
export interface NewRequest {
  /** A UUIDv7. */
  readonly id: string;
  /** The service that it is for. */
  readonly service: string;
  /** When it is to be delivered, if it is delayed; epoch milliseconds. */
  readonly dueAt?: number;
  /** When it expires in its queue; epoch milliseconds. */
  readonly deadline?: number;
  /** The key that it has, if any. */
  readonly claim?: IdempotencyClaim;
}

/** A change of a request, as a dequeuer records it. */
export interface Change {
  /** The request's id. */
  readonly id: string;
  /** The service that it is for. */
  readonly service: string;
  /** The state that it is in. */
  readonly state: RequestState;
  /** How often it was replayed from the dead letters. @default 0 */
  readonly run?: number;
  /** The attempt that is under way or has ended, from 1. */
  readonly attempt?: number;
  /** When the next attempt is due; epoch milliseconds. */
  readonly nextAttemptAt?: number;
  /** Why it failed. */
  readonly reason?: string;
  /**
   * What {@link ResultStore.response} gives from now on. Only with a final state, or with `processing`
   * if its body is in a spool, where it may still be written.
   */
  readonly response?: QueuedResponse;
}

/** What is known of a request. */
export interface RequestRecord {
  /** The request's id. */
  readonly id: string;
  /** The service that it is for. */
  readonly service: string;
  /** The state that it is in. */
  readonly state: RequestState;
  /** How often it was replayed from the dead letters. */
  readonly run: number;
  /** 0 before the first. */
  readonly attempt: number;
  /** When the next attempt is due; epoch milliseconds. */
  readonly nextAttemptAt?: number;
  /** Why it failed. */
  readonly reason?: string;
  /** The response's status; present if and only if there is a response. */
  readonly status?: number;
  /** When it is to be delivered, if it is delayed; epoch milliseconds. */
  readonly dueAt?: number;
  /** When it expires in its queue; epoch milliseconds. */
  readonly deadline?: number;
  /** When it was entered, by the clock of whoever did; epoch milliseconds. */
  readonly createdAt: number;
  /** When the last change was recorded, by the clock of whoever did; epoch milliseconds. */
  readonly updatedAt: number;
  /** The key that it has, if any. */
  readonly claim?: IdempotencyClaim;
  /**
   * Whether {@link ResultStore.confirm} was called, or a change recorded, which shows as well that
   * the request is in its queue.
   */
  readonly confirmed: boolean;
}

/** What became of a request that was to be entered. */
export type Entered =
  /** It is in the store. */
  | { readonly kind: "new" }
  /** Its key is taken, by the request with this record; nothing was entered. */
  | { readonly kind: "taken"; readonly record: RequestRecord };

/** A request that is not to be forwarded any more. */
export interface CancelledRequest {
  /** The request's id. */
  readonly id: string;
  /** Until when that has to be known; epoch milliseconds. */
  readonly until: number;
}

/** How a store is opened. */
export interface ResultStoreOptions {
  /**
   * For how long a request is known after its end, and its key taken, milliseconds. One that has not
   * ended stays known: for so long after its deadline, or for a month if it has none.
   */
  readonly ttlMs: number;
  /**
   * Whether requests are looked up here, as an enqueuer does, or only recorded, as a dequeuer does:
   * then nothing but {@link ResultStore.record} and {@link ResultStore.cancelled} may be called.
   */
  readonly lookUps: boolean;
}

/**
 * The store. Any number of processes have it open; what one has recorded, the others tell within a
 * second. It renews its connections by itself. What is over its time to live is unknown, and
 * leaves the store.
 *
 * All methods reject with `BrokerUnavailableError` when the store cannot be reached, within ten
 * seconds.
 */
export interface ResultStore extends AsyncDisposable {
  /**
   * Enters a request as `queued`, durably. Of several with one key, on any instances, one is
   * `new`; the key is free again when that one has expired, or was withdrawn, or was not
   * confirmed within {@link abandonedAfterMs}. Entering the same request again, for want of an
   * answer, is `new` too.
   */
  enter(request: NewRequest): Promise<Entered>;
  /**
   * Says that a request with a claim is in its queue, so that its key stays taken. Of one without
   * a claim nothing has to be said.
   */
  confirm(id: string): Promise<void>;
  /** Forgets a request that did not get into its queue. */
  withdraw(id: string): Promise<void>;
  /**
   * Records a change. One with a final state or a response resolves when it is durable; of any other
   * a loss with the connection is allowed. One of a request that is not known enters it.
   * @throws {MessageTooLargeError} the response is larger than the store takes.
   */
  record(change: Change): Promise<void>;
  /** What is known of a request; undefined if it is unknown or expired. */
  get(id: string): Promise<RequestRecord | undefined>;
  /** A request's response, any number of times; undefined if there is none, yet or any more. */
  response(id: string): Promise<QueuedResponse | undefined>;
  /**
   * The record as it is, and then each time it has changed, to the final state. Changes that
   * follow each other closely may come as one. Ends at once where the request is unknown, and
   * when the signal aborts.
   */
  watch(id: string, signal: AbortSignal): AsyncIterable<RequestRecord>;
  /**
   * How many requests of each service wait for their time: those that were entered with a delay,
   * and those whose next attempt is to come. A service of which none waits is left out. Of more
   * requests than the store keeps at hand, some may not be counted.
   */
  delayed(): Promise<ReadonlyMap<string, number>>;
  /**
   * Cancels a request that is not in a final state, durably, and tells {@link cancelled}.
   * @param until how long dequeuers have to know it; epoch milliseconds.
   * @returns the record as it then is: `cancelled`, or the final state that came first; undefined
   * if it is unknown.
   */
  cancel(id: string, until: number): Promise<RequestRecord | undefined>;
  /**
   * The requests that were cancelled: first all that have to be known still, together and maybe
   * none, then each group of new ones. Goes on through outages, until the signal aborts.
   */
  cancelled(signal: AbortSignal): AsyncIterable<readonly CancelledRequest[]>;
}

/** How long a claim is held for a request that nobody has confirmed, milliseconds. */
export const abandonedAfterMs = 20_000;
