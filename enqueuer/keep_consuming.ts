import type { Broker, Delivery } from "../shared/broker/broker.ts";

/** How a queue is consumed. */
export interface KeepConsumingOptions {
  /** How many deliveries are worked on at once. */
  readonly concurrency: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Works on a delivery and settles it. Never rejects. */
  readonly process: (delivery: Delivery) => Promise<void>;
  /** Told what consuming has failed of. Resolves when it is to be tried again. */
  readonly failed: (error: unknown) => Promise<void>;
}

/**
 * Consumes a queue until the signal aborts or the broker is closed, again and again if that fails.
 * Resolves when what was under way is settled.
 */
export async function keepConsuming(
  broker: Broker,
  queue: string,
  { concurrency, signal, process, failed }: KeepConsumingOptions,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  while (!signal.aborted) {
    try {
      for await (const delivery of broker.consume(queue, { prefetch: concurrency, signal })) {
        const work = process(delivery).finally(() => inFlight.delete(work));
        inFlight.add(work);
      }
      // The broker was closed.
      break;
    } catch (error) {
      await failed(error);
    }
  }
  await Promise.all(inFlight);
}
