import { setTimeout as delay } from "node:timers/promises";
import { type Broker, DEAD_AT, type Delivery, type Message } from "../broker/broker.ts";
import { BrokerError, DeliveryLostError } from "../broker/errors.ts";
import { deadLetterQueue } from "../service_name.ts";
import { type DeadLetter, fingerprint, ownId, readDeadLetter } from "./dead_letter.ts";
import { copied } from "./replayed.ts";
import { readWindow } from "./window.ts";

/**
 * The most dead letters that a pass keeps unsettled: RabbitMQ's prefetch ends at 65,535, and each
 * takes memory.
 */
export const mostKept = 60_000;

/** How many deliveries a window has at first, and at most. */
const firstWindow = 16;
const largestWindow = 1_000;
/** The bodies of a window together, bytes, as far as the last window lets one guess. */
const windowBytes = 32 * 2 ** 20;
/** How many are settled at once. */
const slice = 500;
/**
 * A dead letter that was handed out that often is put back as a fresh copy. RabbitMQ 4.0 to 4.2
 * drops a message of a quorum queue that was given back more than 20 times.
 */
const mostRedeliveries = 10;
/** How many that were removed are remembered, in case they come again after a lost connection. */
const mostRemembered = 10_000;
/** How long the broker may take to show what was given back, milliseconds, and for each of them. */
const reappearMs = 1_000;
const reappearEachMs = 0.2;

const nothing = new Uint8Array(0);

/** A dead letter that a {@link Pass} has in hand. */
export interface Found {
  readonly letter: DeadLetter;
  readonly delivery: Delivery;
}

/** What a {@link Pass} can be told. */
export interface PassOptions {
  /** Ends the pass early: {@link Pass.next} then finds nothing more. */
  readonly signal: AbortSignal;
  /** Another queue of the service that it goes through. @default its dead letters */
  readonly queue?: string;
  /** What is put back for a message that was handed out too often. @default {@link copied} */
  readonly copy?: (message: Message) => Message;
  /** @default {@link mostKept} */
  readonly mostKept?: number;
}

/**
 * One pass over the dead letters that a service has at its start, each found once; those that
 * come meanwhile are left alone. What is found is kept from other consumers until it is removed,
 * or until the pass is disposed of, which puts it back.
 */
export class Pass implements AsyncDisposable {
  /** How many dead letters there were at the start. */
  readonly total: number;
  readonly #broker: Broker;
  readonly #service: string;
  readonly #queue: string;
  readonly #startedAt = Date.now();
  readonly #signal: AbortSignal;
  readonly #copy: (message: Message) => Message;
  readonly #mostKept: number;
  readonly #kept = new Map<unknown, Delivery>();
  /** Fingerprints of those that are kept or were removed not long ago. */
  readonly #known = new Map<string, "kept" | "removed">();
  readonly #removed: string[] = [];
  #found = 0;
  #gone = 0;
  #window = firstWindow;

  /**
   * Starts a pass.
   * @throws {QueueNotFoundError} the service has no such queue.
   * @throws {BrokerUnavailableError} not connected.
   */
  static async start(broker: Broker, service: string, options: PassOptions): Promise<Pass> {
    const { ready } = await broker.stats(options.queue ?? deadLetterQueue(service));
    return new Pass(broker, service, ready, options);
  }

  constructor(broker: Broker, service: string, total: number, options: PassOptions) {
    this.#broker = broker;
    this.#service = service;
    this.#queue = options.queue ?? deadLetterQueue(service);
    this.total = total;
    this.#signal = options.signal;
    this.#copy = options.copy ?? copied;
    this.#mostKept = options.mostKept ?? mostKept;
  }

  /** How many it has found so far. */
  get found(): number {
    return this.#found;
  }

  /** How many it keeps. */
  get kept(): number {
    return this.#kept.size;
  }

  /** Whether it ended because it may not keep more, with some of them not seen. */
  get outOfReach(): boolean {
    return this.#found < this.total && this.#kept.size >= this.#mostKept;
  }

  /**
   * The next dead letters, in the order of the queue; none at the end.
   * @throws {BrokerUnavailableError} the broker cannot be reached, or delivers nothing.
   */
  async next(most = Infinity): Promise<Found[]> {
    for (;;) {
      const size = Math.min(
        most,
        this.#window,
        this.total - this.#found,
        this.#mostKept - this.#kept.size,
      );
      if (size <= 0 || this.#signal.aborted) return [];
      const deliveries = await readWindow(this.#broker, this.#queue, {
        most: size,
        signal: this.#signal,
      });
      if (deliveries.length === 0) return [];
      this.#adapt(deliveries);
      const again: Delivery[] = [];
      const found = deliveries.flatMap((delivery) => this.#look(delivery, again));
      if (again.length > 0) {
        await this.#settle("ack", again);
        this.#gone += again.length;
      }
      if (found.length > 0) return found;
    }
  }

  /**
   * Removes dead letters for good.
   * @returns those that it no longer had, because the connection was lost; they come again.
   * @throws {BrokerUnavailableError} the broker did not take it; they come again.
   */
  async remove(found: readonly Found[]): Promise<readonly Found[]> {
    for (const { delivery } of found) this.#forget(delivery);
    const lost: Found[] = [];
    const results = await Promise.allSettled(
      found.map(({ delivery }) => this.#broker.settle([{ kind: "ack", delivery }])),
    );
    for (const [index, result] of results.entries()) {
      const one = found[index];
      if (result.status === "fulfilled") this.#gone++;
      else if (!(result.reason instanceof DeliveryLostError)) throw result.reason;
      else if (one) lost.push(one);
    }
    return lost;
  }

  /** Puts back what it keeps. */
  async [Symbol.asyncDispose](): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    const worn = kept.filter(isWorn);
    try {
      for (const delivery of worn) await this.#renew(delivery);
      await this.#settle("release", kept.filter((delivery) => !isWorn(delivery)));
      if (kept.length > 0) await this.#reappear(reappearMs + kept.length * reappearEachMs);
    } catch (error) {
      // The broker takes back by itself what it cannot be given back.
      if (!(error instanceof BrokerError)) throw error;
    }
  }

  #look(delivery: Delivery, again: Delivery[]): Found[] {
    const { message } = delivery;
    // Two messages without an id may well be two requests, alike as they are.
    const mark = ownId(message) === undefined ? undefined : fingerprint(message);
    const known = mark === undefined ? undefined : this.#known.get(mark);
    if (known === "removed") {
      again.push(delivery);
      return [];
    }
    this.#kept.set(delivery.token, isWorn(delivery) ? delivery : slim(delivery));
    if (known === "kept" || this.#isNewcomer(delivery)) return [];
    if (mark !== undefined) this.#known.set(mark, "kept");
    this.#found++;
    return [{ letter: readDeadLetter(this.#service, message), delivery }];
  }

  /**
   * Where the most urgent comes first, a newcomer can be found before those that were there. A
   * time to come is another machine's clock, and tells nothing.
   */
  #isNewcomer({ message: { headers } }: Delivery): boolean {
    const deadAt = headers[DEAD_AT];
    return this.#broker.capabilities.priorities !== "none" && typeof deadAt === "number" &&
      deadAt > this.#startedAt && deadAt <= Date.now();
  }

  #forget({ token, message }: Delivery): void {
    this.#kept.delete(token);
    if (ownId(message) === undefined) return;
    const mark = fingerprint(message);
    this.#known.set(mark, "removed");
    this.#removed.push(mark);
    if (this.#removed.length <= mostRemembered) return;
    for (const old of this.#removed.splice(0, mostRemembered / 2)) this.#known.delete(old);
  }

  #adapt(deliveries: readonly Delivery[]): void {
    const bytes = deliveries.reduce((sum, { message }) => sum + message.body.byteLength, 0);
    const fitting = Math.floor(windowBytes * deliveries.length / Math.max(1, bytes));
    this.#window = Math.max(1, Math.min(2 * this.#window, largestWindow, fitting));
  }

  async #settle(kind: "ack" | "release", deliveries: readonly Delivery[]): Promise<void> {
    for (let at = 0; at < deliveries.length; at += slice) {
      const some = deliveries.slice(at, at + slice);
      try {
        await this.#broker.settle(some.map((delivery) => ({ kind, delivery })));
      } catch (error) {
        // A lost delivery comes again, and is known then.
        if (!(error instanceof DeliveryLostError)) throw error;
      }
    }
  }

  async #renew(delivery: Delivery): Promise<void> {
    try {
      await this.#broker.publish({ queue: this.#queue }, [this.#copy(delivery.message)]);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return await this.#settle("release", [delivery]);
    }
    await this.#settle("ack", [delivery]);
  }

  /** Waits until the next pass can see what was put back: RabbitMQ tells of it a little late. */
  async #reappear(patienceMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while ((await this.#broker.stats(this.#queue)).ready < this.total - this.#gone) {
      if (performance.now() > deadline) return;
      await delay(10);
    }
  }
}

function isWorn({ redeliveries }: Delivery): boolean {
  return redeliveries >= mostRedeliveries;
}

/** A delivery to be settled later, without the weight of its message. */
function slim(delivery: Delivery): Delivery {
  return { ...delivery, message: { body: nothing, headers: {} } };
}
