import type { Delivery, Settlement } from "../broker.ts";
import { BrokerUnavailableError, DeliveryLostError, QueueNotFoundError } from "../errors.ts";
import { deadLetter, retried } from "./dead.ts";
import { maxDelayMs } from "./delays.ts";
import { Lease } from "./lease.ts";
import { acknowledgements } from "./share_apis.ts";
import type { Consuming } from "./work_consumer.ts";

/** What settling takes. */
export type Settling = Pick<Consuming, "router" | "deadLetterQueue" | "redeclare">;

/**
 * Settles deliveries. A `retry` or `dead` is confirmed in its new place before it leaves the old.
 * @throws as `Broker.settle` does; of several failures the first, with the others tried all the same.
 */
export async function settle(settlements: readonly Settlement[], with_: Settling): Promise<void> {
  for (const settlement of settlements) {
    if (settlement.kind === "retry" && settlement.delayMs > maxDelayMs) {
      throw new RangeError(
        `a delay of ${settlement.delayMs} ms is over the limit of ${maxDelayMs}`,
      );
    }
  }
  const results = await Promise.allSettled(settlements.map((one) => settleOne(one, with_)));
  const failures = results.filter((result) => result.status === "rejected");
  const unavailable = failures.find(({ reason }) => reason instanceof BrokerUnavailableError);
  const failure = unavailable ?? failures[0];
  if (failure) throw failure.reason;
}

async function settleOne(
  settlement: Settlement,
  { router, deadLetterQueue, redeclare }: Settling,
): Promise<void> {
  const { delivery, kind } = settlement;
  const { token: lease, queue } = delivery;
  // A reply needs no settling.
  if (lease === undefined) return;
  if (!(lease instanceof Lease) || !lease.claim()) throw lost(delivery);
  const { holder } = lease;
  try {
    if (kind === "retry") {
      const { delayMs, countsAttempt = true, headers } = settlement;
      await router.toQueue(queue, [retried(delivery, countsAttempt, headers)], { delayMs });
    } else if (kind === "dead") {
      const letter = deadLetter(delivery.message, queue, settlement.reason, settlement.headers);
      const to = deadLetterQueue(queue);
      await router.toQueue(to, [letter]).catch(async (error) => {
        // The dead-letter queue may have been deleted under us.
        if (!(error instanceof QueueNotFoundError)) throw error;
        await redeclare(queue);
        await router.toQueue(to, [letter]);
      });
    }
  } catch (error) {
    lease.unclaim();
    throw error;
  }
  if (!lease.isKept) throw lost(delivery);
  const { release, accept } = acknowledgements;
  await holder.acknowledge(lease, kind === "release" ? release : accept);
}

function lost({ queue, message }: Delivery): DeliveryLostError {
  const which = message.messageId ? `message ${message.messageId}` : "a message";
  return new DeliveryLostError(
    `${which} of "${queue}" is no longer this consumer's, or was settled before`,
  );
}
