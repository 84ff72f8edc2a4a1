import type { WorkQueueSpec } from "../broker.ts";
import { QueueMismatchError, QueueNotFoundError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Directory } from "./directory.ts";
import { ensureTopics, type GroupSettings, topicSettings } from "./topics.ts";
import type { Target } from "./url.ts";

/** The work queues that were declared through a handle, which can be made again. */
export class Declared {
  readonly #cluster: Cluster;
  readonly #target: Target;
  readonly #directory: Directory;
  readonly #groups: GroupSettings;
  readonly #specs = new Map<string, WorkQueueSpec>();

  constructor(cluster: Cluster, target: Target, directory: Directory, groups: GroupSettings) {
    this.#cluster = cluster;
    this.#target = target;
    this.#directory = directory;
    this.#groups = groups;
  }

  /**
   * Makes what is missing of a queue and that of its dead letters.
   * @throws {QueueMismatchError} its dead letters go elsewhere. @throws {BrokerError}
   */
  async declare(spec: WorkQueueSpec): Promise<void> {
    const { name, deadLetterQueue } = spec;
    const directory = this.#directory;
    await directory.sync();
    const names = [...new Set([deadLetterQueue, name])];
    const found = await this.#cluster.metadata.topics(names);
    const declared = directory.deadLetterQueue(name);
    if (found.has(name) && declared !== undefined && declared !== deadLetterQueue) {
      throw new QueueMismatchError(
        `the queue "${name}" has the dead-letter queue "${declared}", not "${deadLetterQueue}"; ` +
          "give one of the two another name",
      );
    }
    if (found.size < names.length) {
      const { partitions } = this.#target;
      await ensureTopics(
        this.#cluster,
        this.#target,
        names.map((name) => ({ name, partitions, settings: topicSettings.queue })),
      );
    }
    await this.#groups.ensure(names);
    await directory.write(this.#entries(spec, names));
    this.#specs.set(name, spec);
  }

  /**
   * Makes a queue that is gone again, or the one of whose dead letters it is.
   * @throws {QueueNotFoundError} it was not declared through this handle.
   */
  async redeclare(queue: string): Promise<void> {
    const spec = this.#specOf(queue);
    if (!spec) throw new QueueNotFoundError(queue);
    await this.declare(spec);
  }

  /** Where the dead letters of a queue go, whoever has declared it. */
  deadLetterQueue(queue: string): string {
    return this.#specOf(queue)?.deadLetterQueue ?? this.#directory.deadLetterQueue(queue) ??
      queue.replace(/_requests$/, "_dlq");
  }

  #specOf(queue: string): WorkQueueSpec | undefined {
    for (const spec of this.#specs.values()) {
      if (spec.name === queue || spec.deadLetterQueue === queue) return spec;
    }
    return undefined;
  }

  /** What the directory does not know yet. */
  #entries({ name, deadLetterQueue, topics = [], unbind = [] }: WorkQueueSpec, names: string[]) {
    const directory = this.#directory;
    const entries: (readonly [readonly string[], object | undefined])[] = [];
    for (const each of names) {
      if (directory.deadLetterQueue(each) === deadLetterQueue) continue;
      entries.push([["queue", each], { deadLetterQueue }]);
    }
    for (const pattern of topics) {
      if (!directory.isBound(name, pattern)) entries.push([["bind", name, pattern], {}]);
    }
    for (const pattern of unbind) {
      if (directory.isBound(name, pattern)) entries.push([["bind", name, pattern], undefined]);
    }
    return entries;
  }
}
