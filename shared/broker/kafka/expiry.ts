import { logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { numberOf } from "./record.ts";
import { firstRecords, membersOf, progressOf } from "./progress.ts";
import { type Consuming, WorkConsumer } from "./work_consumer.ts";

const log = logger("broker");

/** How long a queue that is consumed, or cannot be looked at, is left alone, milliseconds. */
const againMs = 5_000;
/** How long a sweep of expired messages goes on, milliseconds. */
const sweepMs = 2_000;
const settledMs = 20;

/**
 * Looks after what expires in queues that nobody consumes: who consumes a queue finds by itself what
 * is expired, but else nobody does. Each handle looks after the queues that it has published to, and
 * only at the first message, as RabbitMQ does.
 */
export class Expiry {
  readonly #shared: Consuming;
  readonly #checks = new Map<string, number>();
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #checking: Promise<void> = Promise.resolve();

  constructor(shared: Consuming) {
    this.#shared = shared;
  }

  /** A message of a queue expires at a time, epoch milliseconds. */
  note(queue: string, at: number): void {
    const known = this.#checks.get(queue);
    if (known !== undefined && known <= at) return;
    this.#checks.set(queue, at);
    this.#arm(at);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#checking;
  }

  #arm(at: number): void {
    if (at >= this.#timerAt || this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const ms = Math.min(2 ** 31 - 1, Math.max(1, at - Date.now() + 1));
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#checking = this.#check();
    }, ms);
  }

  async #check(): Promise<void> {
    const now = Date.now();
    const due = [...this.#checks].filter(([, at]) => at <= now).map(([queue]) => queue);
    for (const queue of due) {
      this.#checks.delete(queue);
      try {
        const next = await this.#look(queue);
        if (next !== undefined) this.note(queue, next);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        log.debug("the expired messages of {queue} wait: {error}", { queue, error });
        this.note(queue, Date.now() + againMs);
      }
    }
    for (const at of this.#checks.values()) this.#arm(at);
  }

  /** When to look next; undefined where nothing that expires is first. */
  async #look(queue: string): Promise<number | undefined> {
    const { cluster } = this.#shared;
    if (!await cluster.metadata.topic(queue)) return undefined;
    const first = await expiresAt(cluster, queue);
    if (first === undefined || first > Date.now()) return first;
    if ((await membersOf(cluster, queue)).length > 0) return Date.now() + againMs;
    await this.#sweep(queue);
    return await expiresAt(cluster, queue);
  }

  /** Takes the first messages, of which the consumer buries the expired ones by itself. */
  async #sweep(queue: string): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    const consumer = new WorkConsumer(this.#shared, queue, { prefetch: 1, signal });
    const until = performance.now() + sweepMs;
    try {
      while (performance.now() < until && !signal.aborted) {
        await pause(settledMs, signal);
        const first = await expiresAt(this.#shared.cluster, queue);
        if (consumer.buffer.ended || first === undefined || first > Date.now()) break;
      }
    } finally {
      stop.abort();
      await consumer.close();
    }
  }
}

/** When the first message expires that is not settled. */
async function expiresAt(cluster: Cluster, queue: string): Promise<number | undefined> {
  const topic = await cluster.metadata.topic(queue);
  if (!topic) return undefined;
  const firsts = await firstRecords(cluster, topic, await progressOf(cluster, topic));
  const first = Math.min(...firsts.map((record) => {
    const expiration = numberOf(record?.fields.get("expiration"));
    return record && expiration !== undefined ? record.timestamp + expiration : Infinity;
  }));
  return Number.isFinite(first) ? first : undefined;
}
