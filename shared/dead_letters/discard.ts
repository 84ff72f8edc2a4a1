import type { Broker } from "../broker/broker.ts";
import { BrokerError } from "../broker/errors.ts";
import { logger } from "../log.ts";
import { type Acted, type Tally, work, type WorkOptions } from "./work.ts";

const log = logger("dead-letters");

/**
 * Removes dead letters for good, with their bodies.
 * @throws {QueueNotFoundError} the service has no dead-letter queue.
 * @throws {UnfinishedError} it ended early for another reason than the signal.
 */
export async function discard(
  broker: Broker,
  service: string,
  options: WorkOptions,
): Promise<Tally> {
  const deletions: Promise<void>[] = [];
  const onRemoved: NonNullable<Acted["onRemoved"]> = (removed) => {
    for (const { letter: { spooled } } of removed) {
      if (spooled) deletions.push(broker.spools().delete(spooled.spool).catch(leftBehind));
    }
  };
  try {
    return await work(
      broker,
      service,
      options,
      (found) => Promise.resolve({ done: found, failed: [], onRemoved }),
    );
  } finally {
    await Promise.all(deletions);
  }
}

function leftBehind(error: unknown): void {
  // An enqueuer looks after it, for as long as a dead letter would keep it.
  log.warn("the body of a discarded dead letter is left to be deleted later: {error}", {
    error: error instanceof BrokerError ? error.message : error,
  });
}
