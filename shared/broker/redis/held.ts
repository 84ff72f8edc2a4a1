import type { Consumer } from "./consumer.ts";

/** The token of a delivery: the entry of a stream that a consumer has. */
export class Held {
  readonly consumer: Consumer;
  /** The consumer's name at that time; what it had under another it has no more. */
  readonly owner: string;
  /** The priority of its stream. */
  readonly level: string;
  readonly id: string;

  constructor(consumer: Consumer, owner: string, level: string, id: string) {
    this.consumer = consumer;
    this.owner = owner;
    this.level = level;
    this.id = id;
  }
}
