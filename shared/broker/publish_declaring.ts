import type { Broker, Message, QueueSpec } from "./broker.ts";
import { QueueNotFoundError } from "./errors.ts";

/** For how long a queue is declared, milliseconds. */
const declareMs = 10_000;

/**
 * Publishes to one of ProxyMQ's own queues, and declares it if it is not there: whoever consumes it
 * would have declared it, but it was deleted, or there has been none yet.
 * @throws {BrokerError} as {@link Broker.publish} does.
 */
export async function publishDeclaring(
  broker: Broker,
  queue: QueueSpec,
  messages: readonly Message[],
  { delayMs = 0, signal }: { readonly delayMs?: number; readonly signal: AbortSignal },
): Promise<void> {
  const publish = () => broker.publish({ queue: queue.name }, messages, { delayMs });
  try {
    await publish();
  } catch (error) {
    if (!(error instanceof QueueNotFoundError)) throw error;
    await broker.declare(queue, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(declareMs)]),
    });
    await publish();
  }
}
