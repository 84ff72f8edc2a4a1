import type { WorkQueueSpec } from "../broker.ts";
import { QueueMismatchError } from "../errors.ts";
import { topicMatches } from "../topic_match.ts";
import type { Connection } from "./connection.ts";

/** A durable queue. One without dead letters is a dead-letter queue itself. */
export interface Queue {
  readonly id: number;
  readonly name: string;
  readonly deadLetters: number | null;
}

const COLUMNS = "id, name, dead_letters AS deadLetters";

/** The durable queues and their bindings. Queues are never removed, so those seen are kept. */
export class Queues {
  readonly #connection: Connection;
  readonly #byName = new Map<string, Queue>();
  readonly #byId = new Map<number, Queue>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  find(name: string): Queue | undefined {
    return this.#byName.get(name) ??
      this.#keep(
        this.#connection.get<Queue>(`SELECT ${COLUMNS} FROM queues WHERE name = ?`, name),
      );
  }

  byId(id: number): Queue | undefined {
    return this.#byId.get(id) ??
      this.#keep(this.#connection.get<Queue>(`SELECT ${COLUMNS} FROM queues WHERE id = ?`, id));
  }

  /** The queues that are bound to a topic, each once. */
  boundTo(topic: string): number[] {
    const bindings = this.#connection.all<{ pattern: string; queue: number }>(
      "SELECT pattern, queue FROM bindings",
    );
    const queues = new Set<number>();
    for (const { pattern, queue } of bindings) {
      if (topicMatches(pattern, topic)) queues.add(queue);
    }
    return [...queues];
  }

  /** Whether a declaration would change nothing. */
  isDeclared(spec: WorkQueueSpec): boolean {
    const queue = this.find(spec.name);
    if (!queue || queue.deadLetters !== this.find(spec.deadLetterQueue)?.id) return false;
    const bound = this.#connection.all<{ pattern: string }>(
      "SELECT pattern FROM bindings WHERE queue = ?",
      queue.id,
    );
    const patterns = new Set(bound.map(({ pattern }) => pattern));
    const { topics = [], unbind = [] } = spec;
    return topics.every((topic) => patterns.has(topic)) &&
      !unbind.some((topic) => patterns.has(topic));
  }

  /** @throws {QueueMismatchError} before anything is written. */
  declare(spec: WorkQueueSpec): void {
    const { name, deadLetterQueue } = spec;
    const queue = this.find(name);
    const deadLetters = this.find(deadLetterQueue);
    if (name === deadLetterQueue) {
      throw new QueueMismatchError(`the queue "${name}" cannot be its own dead-letter queue`);
    }
    if (queue?.deadLetters === null) {
      throw new QueueMismatchError(
        `the queue "${name}" exists as a dead-letter queue: give the work queue another name`,
      );
    }
    if (deadLetters && deadLetters.deadLetters !== null) {
      throw new QueueMismatchError(
        `the dead-letter queue "${deadLetterQueue}" exists as a work queue: name another one`,
      );
    }
    if (queue && queue.deadLetters !== deadLetters?.id) {
      const actual = this.byId(queue.deadLetters)?.name;
      throw new QueueMismatchError(
        `the queue "${name}" exists with the dead-letter queue "${actual}", not ` +
          `"${deadLetterQueue}": declare it as it is, or use another name`,
      );
    }
    this.#refuseReplyQueue(name);
    this.#refuseReplyQueue(deadLetterQueue);
    this.#create(spec, queue, deadLetters);
  }

  #create(spec: WorkQueueSpec, queue: Queue | undefined, deadLetters: Queue | undefined): void {
    const insert = "INSERT INTO queues (name, dead_letters) VALUES (?, ?)";
    const dead = deadLetters?.id ?? this.#connection.run(insert, spec.deadLetterQueue, null).id;
    const id = queue?.id ?? this.#connection.run(insert, spec.name, dead).id;
    for (const topic of spec.unbind ?? []) {
      this.#connection.run("DELETE FROM bindings WHERE pattern = ? AND queue = ?", topic, id);
    }
    for (const topic of spec.topics ?? []) {
      this.#connection.run(
        "INSERT OR IGNORE INTO bindings (pattern, queue) VALUES (?, ?)",
        topic,
        id,
      );
    }
  }

  #refuseReplyQueue(name: string): void {
    const taken = this.#connection.get("SELECT 1 FROM reply_queues WHERE name = ?", name);
    if (taken) {
      throw new QueueMismatchError(`the queue "${name}" exists as a reply queue: use another name`);
    }
  }

  #keep(queue: Queue | undefined): Queue | undefined {
    if (queue) {
      this.#byName.set(queue.name, queue);
      this.#byId.set(queue.id, queue);
    }
    return queue;
  }
}
