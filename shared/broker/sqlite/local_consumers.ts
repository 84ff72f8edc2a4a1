import { QueueNotFoundError } from "../errors.ts";
import { setConsumers, waiting } from "./clients.ts";
import type { Connection } from "./connection.ts";
import type { Consumer } from "./consumer.ts";
import { type Fetched, fetchReady } from "./fetch.ts";
import type { Queue, Queues } from "./queues.ts";
import { READY } from "./schema.ts";

/** The consumers that a process has on one queue. */
interface Group {
  queue: Queue;
  readonly consumers: Consumer[];
  /** Whether the last look left something behind, or something came since. */
  promising: boolean;
  /** What the database says about the group. */
  said: string;
}

/** What a fetch found: who gets what once it is committed, and whom to wake. */
export interface Catch {
  readonly deliveries: [Consumer, Fetched][];
  readonly wake: Set<number>;
}

/** The consumers of a process, and the fetching for all of them. */
export class LocalConsumers {
  readonly #groups = new Map<number, Group>();

  get any(): boolean {
    return this.all().length > 0;
  }

  /** Whether a fetch is worth its transaction. */
  get hungry(): boolean {
    return [...this.#groups.values()].some((group) => group.promising && free(group) > 0);
  }

  add(queue: Queue, consumer: Consumer): void {
    const group = this.#groups.get(queue.id);
    if (group) group.consumers.push(consumer);
    else this.#groups.set(queue.id, { queue, consumers: [consumer], promising: true, said: "" });
    this.touch(queue.id);
  }

  remove(consumer: Consumer): void {
    for (const { consumers } of this.#groups.values()) {
      const at = consumers.indexOf(consumer);
      if (at >= 0) consumers.splice(at, 1);
    }
  }

  /** Something became ready in a queue. */
  touch(queue: number): void {
    const group = this.#groups.get(queue);
    if (group) group.promising = true;
  }

  /** Looks for messages that others made ready, if a consumer could take them. */
  look(connection: Connection): void {
    for (const group of this.#groups.values()) {
      if (group.promising || free(group) === 0) continue;
      const sql = `SELECT 1 FROM messages WHERE queue = ? AND state = ${READY} LIMIT 1`;
      group.promising = connection.get(sql, group.queue.id) !== undefined;
    }
  }

  /**
   * Fetches, within a transaction, for every consumer that has prefetch to spare.
   * @param touched the queues in which something became ready.
   */
  fetch(connection: Connection, client: number, touched: Iterable<number>, now: number): Catch {
    const result: Catch = { deliveries: [], wake: new Set() };
    const ready = new Set(touched);
    for (const queue of ready) this.touch(queue);
    const hungry = [...this.#groups.values()].filter((group) => group.promising);
    for (const group of hungry) {
      const limit = free(group);
      if (limit === 0) continue;
      const { taken, buriedIn, more } = fetchReady(connection, group.queue, client, limit, now);
      result.deliveries.push(...share(group, taken));
      group.promising = more;
      if (!more) ready.delete(group.queue.id);
      if (buriedIn !== undefined) {
        ready.add(buriedIn);
        this.touch(buriedIn);
      }
    }
    for (const queue of ready) {
      for (const other of waiting(connection, queue, client)) result.wake.add(other);
    }
    this.#say(connection, client, result);
    return result;
  }

  /** Drops the queues that nobody consumes any more, once the database knows it. */
  prune(): void {
    for (const [id, { consumers, said }] of this.#groups) {
      if (consumers.length === 0 && said !== "") this.#groups.delete(id);
    }
  }

  /** The database may not be as it was: say and look for everything again. */
  forget(): void {
    for (const group of this.#groups.values()) {
      group.promising = true;
      group.said = "";
    }
  }

  /** Finds the queues again in a database that may be another one. */
  rebind(queues: Queues): void {
    const consumers = this.all();
    this.#groups.clear();
    for (const consumer of consumers) {
      const queue = queues.find(consumer.queue);
      if (queue) this.add(queue, consumer);
      else consumer.buffer.end(new QueueNotFoundError(consumer.queue));
    }
  }

  all(): Consumer[] {
    return [...this.#groups.values()].flatMap(({ consumers }) => consumers);
  }

  /** Writes down how many consumers there are and whether they wait, where that has changed. */
  #say(connection: Connection, client: number, { deliveries }: Catch): void {
    for (const group of this.#groups.values()) {
      const count = group.consumers.length;
      const coming = deliveries.filter(([, { claim }]) => claim.queue.id === group.queue.id);
      const isWaiting = free(group) > coming.length;
      const saying = `${count} ${isWaiting}`;
      if (saying === group.said) continue;
      setConsumers(connection, group.queue.id, client, { count, waiting: isWaiting });
      group.said = saying;
    }
  }
}

function free({ consumers }: Group): number {
  return consumers.reduce((sum, consumer) => sum + consumer.free, 0);
}

/** Deals out what was taken, one each in turn, to those that have room. */
function share({ consumers }: Group, taken: readonly Fetched[]): [Consumer, Fetched][] {
  const room = consumers.map((consumer) => ({ consumer, free: consumer.free }));
  const dealt: [Consumer, Fetched][] = [];
  let turn = 0;
  for (const fetched of taken) {
    while (room[turn % room.length]?.free === 0) turn++;
    const next = room[turn++ % room.length];
    if (!next) break;
    next.free--;
    dealt.push([next.consumer, fetched]);
  }
  const first = consumers.shift();
  if (first) consumers.push(first);
  return dealt;
}
