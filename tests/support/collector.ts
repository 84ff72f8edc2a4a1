import type { Broker, Delivery, Settlement } from "../../shared/broker/broker.ts";
import { BrokerError } from "../../shared/broker/errors.ts";
import { eventually, type Waiting, within } from "./waiting.ts";

/** How a {@link Collector} consumes. */
export interface CollectorOptions {
  /** @default 100 */
  readonly prefetch?: number;
  /** Settles each delivery as it comes; without it they stay held. */
  readonly settle?: (delivery: Delivery) => Settlement;
}

/** Acknowledges a delivery, as {@link CollectorOptions.settle}. */
export function ack(delivery: Delivery): Settlement {
  return { kind: "ack", delivery };
}

/** Consumes a queue in the background and keeps what comes. */
export class Collector implements AsyncDisposable {
  readonly deliveries: Delivery[] = [];
  /** Settles when the iteration has ended. */
  readonly ended: Promise<void>;
  /** Rejects when the iteration throws, and never resolves. */
  readonly #failed: Promise<never>;
  readonly #abort = new AbortController();

  constructor(broker: Broker, queue: string, { prefetch = 100, settle }: CollectorOptions = {}) {
    this.ended = this.#run(broker, queue, prefetch, settle);
    this.#failed = new Promise((_, reject) => this.ended.catch(reject));
    this.#failed.catch(() => {});
  }

  /** The text bodies of what came, in its order. */
  get texts(): string[] {
    return this.deliveries.map(textOf);
  }

  /**
   * Waits until that many have come.
   * @throws what the iteration throws before.
   */
  async waitFor(count: number, waiting?: Waiting): Promise<Delivery[]> {
    const come = eventually(() => {
      if (this.deliveries.length >= count) return true;
      throw new Error(`${this.deliveries.length} of ${count} deliveries`);
    }, waiting);
    await Promise.race([come, this.#failed]);
    return this.deliveries;
  }

  /** Ends the iteration. What is held stays held. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await within(this.ended, "the end of the iteration");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(
    broker: Broker,
    queue: string,
    prefetch: number,
    settle: CollectorOptions["settle"],
  ): Promise<void> {
    const { signal } = this.#abort;
    for await (const delivery of broker.consume(queue, { prefetch, signal })) {
      this.deliveries.push(delivery);
      if (settle) await broker.settle([settle(delivery)]).catch(ignoreBrokerError);
    }
  }
}

/** The body of a delivery as text. */
export function textOf({ message }: Delivery): string {
  return new TextDecoder().decode(message.body);
}

/** A delivery that cannot be settled comes again. */
function ignoreBrokerError(error: unknown): void {
  if (!(error instanceof BrokerError)) throw error;
}
