import type { QueueSpec } from "../broker.ts";
import { QueueMismatchError } from "../errors.ts";
import { declare, type Owner, withdraw } from "./queues.ts";
import type { Sender } from "./script.ts";

/** The queues that were declared through a handle, and are declared again on each connection. */
export class Declared {
  readonly #owner: Owner;
  readonly #specs = new Map<string, QueueSpec>();
  /** What cannot be declared any more, for operators. */
  trouble: string | undefined;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** The names of all of them, dead letters included. */
  get queues(): string[] {
    return [...this.#specs.values()].flatMap((spec) =>
      spec.kind === "work" ? [spec.name, spec.deadLetterQueue] : [spec.name]
    );
  }

  /** The names of the reply queues. */
  get replies(): string[] {
    return [...this.#specs.values()].filter(({ kind }) => kind === "reply")
      .map(({ name }) => name);
  }

  isReply(queue: string): boolean {
    return this.#specs.get(queue)?.kind === "reply";
  }

  /** @throws {QueueMismatchError} */
  async declare(sender: Sender, spec: QueueSpec): Promise<void> {
    await declare(sender, spec, this.#owner);
    const before = this.#specs.get(spec.name);
    this.#specs.set(spec.name, merged(before ?? spec, spec));
  }

  /** Declares a queue, or that of its dead letters, again. @returns whether it was before. */
  async redeclare(sender: Sender, queue: string): Promise<boolean> {
    const specs = [...this.#specs.values()];
    const spec = this.#specs.get(queue) ??
      specs.find((spec) => spec.kind === "work" && spec.deadLetterQueue === queue);
    if (spec) await declare(sender, spec, this.#owner, true);
    return spec !== undefined;
  }

  /** Declares all again; what the server has otherwise by now becomes {@link trouble}. */
  async redeclareAll(sender: Sender): Promise<void> {
    this.trouble = undefined;
    await Promise.all(
      [...this.#specs.values()].map((spec) =>
        declare(sender, spec, this.#owner, true).catch((error) => {
          if (!(error instanceof QueueMismatchError)) throw error;
          this.trouble = error.message;
        })
      ),
    );
  }

  /** Deletes the reply queues. */
  async withdraw(sender: Sender): Promise<void> {
    await Promise.all(
      [...this.#specs.values()].map((spec) =>
        spec.kind === "reply" ? withdraw(sender, spec, this.#owner) : undefined
      ),
    );
  }
}

function merged(before: QueueSpec, spec: QueueSpec): QueueSpec {
  if (spec.kind === "work" && before.kind === "work") {
    const { unbind = [], topics = [], ...rest } = spec;
    const kept = (before.topics ?? []).filter((topic) => !unbind.includes(topic));
    return { ...rest, topics: [...new Set([...kept, ...topics])] };
  }
  if (spec.kind === "reply" && before.kind === "reply") {
    const broadcasts = [...new Set([...before.broadcasts ?? [], ...spec.broadcasts ?? []])];
    return { ...spec, broadcasts };
  }
  return spec;
}
