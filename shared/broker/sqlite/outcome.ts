import type { Consumer } from "./consumer.ts";
import type { Fetched } from "./fetch.ts";

/** What a group of writes brought about, and what is to be done once it is committed. */
export class Outcome {
  /** Whether we entered the clients (anew). */
  entered = false;
  /** The queues in which something became ready. */
  readonly touched = new Set<number>();
  /** The other clients that have something to see. */
  readonly wake = new Set<number>();
  deliveries: [Consumer, Fetched][] = [];
}
