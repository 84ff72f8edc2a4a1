import type { Broker, Delivery } from "../broker/broker.ts";
import { BrokerUnavailableError } from "../broker/errors.ts";

/** How often a queue that delivers nothing is asked whether anything is left, milliseconds. */
const quietMs = 100;
/**
 * How long a queue that was said not to be empty has to say that it is, milliseconds. A quorum queue
 * of RabbitMQ says so, too, while it has no time to count.
 */
const emptyMs = 1_000;
/** How long a queue that is not empty may deliver nothing, milliseconds. */
const patienceMs = 10_000;

/**
 * Takes up to `most` deliveries of a queue that should have them, and no more: what is not read stays where it is,
 * untouched and uncounted.
 * @returns fewer when the queue is empty, or the signal aborts.
 * @throws {BrokerUnavailableError} the broker cannot be reached, or delivers nothing.
 */
export async function readWindow(
  broker: Broker,
  queue: string,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  const stop = new AbortController();
  using pulse = new Pulse(signal);
  // As many as are read: an unread one would be given back, and RabbitMQ counts that.
  const source = broker.consume(queue, { prefetch: most, signal: stop.signal })
    [Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Delivery, undefined>> | undefined;
  let last = performance.now();
  try {
    while (deliveries.length < most && !signal.aborted) {
      next ??= source.next();
      const result = await Promise.race([next, pulse.next]);
      if (result) {
        next = undefined;
        if (result.done) break;
        deliveries.push(result.value);
        last = performance.now();
      } else if (performance.now() - last >= quietMs && await isEmpty(broker, queue, last)) {
        break;
      }
    }
    stop.abort();
    const result = await next;
    if (result && !result.done) deliveries.push(result.value);
    return deliveries;
  } catch (error) {
    stop.abort();
    // What it holds comes again anyway when the broker cannot take it back now.
    await broker.settle(deliveries.map((delivery) => ({ kind: "release", delivery }))).catch(
      () => {},
    );
    throw error;
  }
}

async function isEmpty(broker: Broker, queue: string, last: number): Promise<boolean> {
  const { ready } = await broker.stats(queue);
  const quiet = performance.now() - last;
  if (ready === 0) return quiet >= emptyMs;
  if (quiet < patienceMs) return false;
  throw new BrokerUnavailableError(
    `${ready} messages stand in ${queue}, and the broker delivered none for ${patienceMs} ms`,
  );
}

/** Resolves again and again: at a steady pace, and when the signal aborts. */
class Pulse implements Disposable {
  #beat: PromiseWithResolvers<undefined> = Promise.withResolvers();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #signal: AbortSignal;
  readonly #onBeat = () => {
    this.#beat.resolve(undefined);
    this.#beat = Promise.withResolvers();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#timer = setInterval(this.#onBeat, quietMs);
    signal.addEventListener("abort", this.#onBeat);
  }

  get next(): Promise<undefined> {
    return this.#beat.promise;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#signal.removeEventListener("abort", this.#onBeat);
  }
}
