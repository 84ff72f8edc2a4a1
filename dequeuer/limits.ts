import { isFailure } from "./breaker.ts";
import { Climber } from "./climber.ts";
import type { ForwardResult, Streaming } from "./forwarder.ts";
import { Slots } from "./slots.ts";

/** The most deliveries that are held, whatever the limits say. */
const mostPrefetch = 65_535;
/** Where `auto` starts; with batches one call does the work of many. */
const startConcurrency = { single: 4, batches: 1 };
const startBatchSize = 8;
/** After so many calls that say nothing of one limit, the other one is looked at. */
const fruitlessCalls = 40;

/** A call that has ended, as {@link Limits} learn from it. */
export interface LimitedCall {
  readonly start: number;
  readonly end: number;
  readonly items: number;
  /** Whether more requests waited for a slot. */
  readonly contended: boolean;
  /** Whether the batch was as large as it could be. */
  readonly full: boolean;
  readonly failed: boolean;
}

/** How many calls there are at once, and how many requests in each: as set, or found (`auto`). */
export interface LimitsOptions {
  readonly concurrency: number | "auto";
  readonly batchSize: number | "auto";
  /** Told when {@link Limits.prefetch} has changed. */
  readonly onPrefetch: (prefetch: number) => void;
}

/**
 * Keeps the limits that bound what the microservice gets at once. Where both are found, one stands
 * still while the other is varied, or neither could be told from the other.
 */
export class Limits {
  readonly slots: Slots;
  readonly #options: LimitsOptions;
  readonly #concurrency: Climber | undefined;
  readonly #batchSize: Climber | undefined;
  #varied: Climber | undefined;
  #fruitless = 0;
  #prefetch: number;

  constructor(options: LimitsOptions) {
    const { concurrency, batchSize } = options;
    const calls = () => this.concurrency;
    this.#options = options;
    const start = batchSize === 1 ? startConcurrency.single : startConcurrency.batches;
    this.slots = new Slots(concurrency === "auto" ? start : concurrency);
    if (batchSize === "auto") this.#batchSize = new Climber({ start: startBatchSize, calls });
    if (concurrency === "auto") this.#concurrency = new Climber({ start, calls });
    this.#varied = this.#batchSize ?? this.#concurrency;
    this.#prefetch = this.#needed();
  }

  get concurrency(): number {
    return this.slots.limit;
  }

  get batchSize(): number {
    const { batchSize } = this.#options;
    return batchSize === "auto" ? this.#batchSize?.value ?? 1 : batchSize;
  }

  /** Whether a call's end is of any use to {@link observe}. */
  get adaptive(): boolean {
    return this.#varied !== undefined;
  }

  /**
   * How many deliveries are to be held: a batch for each call, and one that gathers meanwhile, so
   * that it is full when a call ends. Without batches there is nothing to gather.
   */
  get prefetch(): number {
    return this.#prefetch;
  }

  /** Learns from a call that has ended. */
  observe({ contended, full, ...call }: LimitedCall): void {
    const varied = this.#varied;
    if (!varied) return;
    const bound = varied === this.#batchSize ? full : contended;
    const wasProbing = varied.probing;
    varied.observe({ ...call, bound });
    this.#fruitless = bound ? 0 : this.#fruitless + 1;
    if ((wasProbing && !varied.probing) || this.#fruitless >= fruitlessCalls) this.#turn();
    if (this.#concurrency && this.slots.limit !== this.#concurrency.value) {
      this.slots.limit = this.#concurrency.value;
    }
    this.#follow();
  }

  #turn(): void {
    this.#fruitless = 0;
    if (!this.#concurrency || !this.#batchSize || this.#varied?.probing) return;
    this.#varied = this.#varied === this.#batchSize ? this.#concurrency : this.#batchSize;
  }

  #needed(): number {
    const { batchSize, concurrency } = this.#options;
    const calls = this.concurrency + (batchSize === 1 ? 0 : 1);
    const needed = Math.min(mostPrefetch, this.batchSize * calls);
    if (batchSize !== "auto" && concurrency !== "auto") return needed;
    return Math.min(mostPrefetch, 2 ** Math.ceil(Math.log2(needed)));
  }

  /** A change of the prefetch is a new consumer: it is not to happen at each step. */
  #follow(): void {
    const needed = this.#needed();
    if (needed <= this.#prefetch && needed * 4 > this.#prefetch) return;
    this.#prefetch = needed;
    this.#options.onPrefetch(needed);
  }
}

/** Whether the microservice has more than it can do, or more in one call than it takes. */
export function isOverload(result: ForwardResult | Streaming): boolean {
  if (result.kind !== "response") return isFailure(result);
  return isFailure(result) || [413, 429].includes(result.response.status);
}
