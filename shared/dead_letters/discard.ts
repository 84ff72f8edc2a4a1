import type { Broker } from "../broker/broker.ts";
import { type Tally, work, type WorkOptions } from "./work.ts";

/**
 * Removes dead letters for good.
 * @throws {QueueNotFoundError} the service has no dead-letter queue.
 * @throws {UnfinishedError} it ended early for another reason than the signal.
 */
export function discard(broker: Broker, service: string, options: WorkOptions): Promise<Tally> {
  return work(broker, service, options, (found) => Promise.resolve({ done: found, failed: [] }));
}
