import type { Address, Message, MessageHeaders, QueueSpec } from "../broker.ts";
import { DEAD_AT, DEAD_QUEUE, DEAD_REASON } from "../broker.ts";
import { QueueMismatchError, QueueNotFoundError } from "../errors.ts";
import { topicMatches } from "../topic_match.ts";
import { MemoryQueue } from "./queue.ts";
import { Results } from "./results.ts";
import type { Spools } from "./spools.ts";

const stores = new Map<string, Store>();

/** What the handles of one name share; gone with the last of these handles. */
export class Store {
  readonly results = new Results();
  readonly spools: Spools = new Map();
  readonly #name: string;
  readonly #queues = new Map<string, MemoryQueue>();
  /** Reply queues, each with the handle that declared it. */
  readonly #owners = new Map<MemoryQueue, unknown>();
  readonly #handles = new Set<unknown>();

  constructor(name: string) {
    this.#name = name;
  }

  /** The store of a name, for a handle, until that handle {@link leave leaves}. */
  static join(name: string, handle: unknown): Store {
    const store = stores.get(name) ?? new Store(name);
    stores.set(name, store);
    store.#handles.add(handle);
    return store;
  }

  leave(handle: unknown): void {
    for (const [queue, owner] of this.#owners) {
      if (owner === handle) this.#remove(queue);
    }
    this.#handles.delete(handle);
    if (this.#handles.size > 0) return;
    for (const queue of this.#queues.values()) queue.close();
    this.results.close();
    stores.delete(this.#name);
  }

  /** @throws {QueueNotFoundError} */
  queue(name: string): MemoryQueue {
    const queue = this.#queues.get(name);
    if (!queue) throw new QueueNotFoundError(name);
    return queue;
  }

  /**
   * A queue that a handle may consume: any but another handle's reply queue.
   * @throws {QueueNotFoundError}
   */
  queueFor(name: string, handle: unknown): MemoryQueue {
    const queue = this.queue(name);
    const owner = this.#owners.get(queue);
    if (owner !== undefined && owner !== handle) throw new QueueNotFoundError(name);
    return queue;
  }

  /** The queues that a message to this address reaches. */
  route(to: Address): MemoryQueue[] {
    if ("queue" in to) {
      const queue = this.#queues.get(to.queue);
      return queue ? [queue] : [];
    }
    if ("broadcast" in to) {
      return [...this.#owners.keys()].filter(({ broadcasts }) => broadcasts.has(to.broadcast));
    }
    return [...this.#queues.values()].filter(({ topics }) =>
      [...topics].some((pattern) => topicMatches(pattern, to.topic))
    );
  }

  /** The queue that holds a work queue's dead letters. */
  deadLettersOf({ spec }: MemoryQueue): MemoryQueue | undefined {
    if (spec.kind === "reply" || spec.deadLetterQueue === spec.name) return undefined;
    return this.#queues.get(spec.deadLetterQueue);
  }

  /** @throws {QueueMismatchError} */
  declare(spec: QueueSpec, handle: unknown): void {
    const existing = this.#queues.get(spec.name);
    if (existing) this.#check(existing, spec, handle);
    const queue = existing ?? this.#create(spec);
    if (spec.kind === "reply") {
      this.#owners.set(queue, handle);
      for (const name of spec.broadcasts ?? []) queue.broadcasts.add(name);
      return;
    }
    for (const pattern of spec.unbind ?? []) queue.topics.delete(pattern);
    for (const pattern of spec.topics ?? []) queue.topics.add(pattern);
    if (!this.#queues.has(spec.deadLetterQueue)) {
      this.#create({ ...spec, name: spec.deadLetterQueue });
    }
  }

  /** Puts a message of a queue into its dead-letter queue. */
  bury(queue: MemoryQueue, message: Message, reason: string, headers: MessageHeaders = {}): void {
    if (queue.spec.kind === "reply") return;
    const { expiration: _, ...rest } = message;
    this.queue(queue.spec.deadLetterQueue).add({
      ...rest,
      headers: {
        ...message.headers,
        ...headers,
        [DEAD_REASON]: reason,
        [DEAD_AT]: Date.now(),
        [DEAD_QUEUE]: queue.spec.name,
      },
    }, 0);
  }

  #create(spec: QueueSpec): MemoryQueue {
    const queue: MemoryQueue = new MemoryQueue(
      spec,
      (message) => this.bury(queue, message, "expired"),
    );
    this.#queues.set(spec.name, queue);
    return queue;
  }

  #check(queue: MemoryQueue, spec: QueueSpec, handle: unknown): void {
    const same = spec.kind === "reply"
      ? this.#owners.get(queue) === handle
      : queue.spec.kind === "work" && queue.spec.deadLetterQueue === spec.deadLetterQueue;
    if (same) return;
    throw new QueueMismatchError(
      `the queue "${spec.name}" exists with another kind, owner or dead-letter queue; ` +
        "give one of the two another name",
    );
  }

  #remove(queue: MemoryQueue): void {
    queue.close();
    this.#owners.delete(queue);
    this.#queues.delete(queue.spec.name);
  }
}
