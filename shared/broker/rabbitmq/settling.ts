import {
  ATTEMPT,
  DEAD_AT,
  DEAD_QUEUE,
  DEAD_REASON,
  type Delivery,
  type Message,
  type Settlement,
} from "../broker.ts";
import {
  BrokerUnavailableError,
  DeliveryLostError,
  MessageTooLargeError,
  QueueNotFoundError,
} from "../errors.ts";
import { type Lease, leaseOf, releaseAll } from "./link.ts";
import { textOf } from "./refusal.ts";

/** What settling works with. */
export interface SettlingOptions {
  readonly republish: (queue: string, message: Message, delayMs: number) => Promise<void>;
  /** Where a queue's dead letters go, if that is known here. */
  readonly deadLetterQueue: (queue: string) => string | undefined;
  /** Declares a queue of this handle again, with its dead-letter queue. */
  readonly redeclare: (queue: string) => Promise<void>;
}

type Move = Extract<Settlement, { kind: "retry" | "dead" }>;

/**
 * Settles deliveries together: what is acknowledged or released goes out in one write, what is
 * retried or dead is published and confirmed first.
 */
export function settle(
  settlements: readonly Settlement[],
  options: SettlingOptions,
): Promise<void> {
  let lost: DeliveryLostError | undefined;
  let moves: Promise<void>[] | undefined;
  let released: Lease[] | undefined;
  for (const settlement of settlements) {
    const lease = leaseOf(settlement.delivery.token);
    if (!lease?.claim()) {
      lost = lostError(settlement.delivery);
    } else if (settlement.kind === "ack") {
      lease.ack();
    } else if (settlement.kind === "release") {
      (released ??= []).push(lease);
    } else {
      (moves ??= []).push(move(settlement, lease, options));
    }
  }
  if (released) releaseAll(released);
  if (moves) return settled(moves, lost);
  return lost ? Promise.reject(lost) : Promise.resolve();
}

async function settled(moves: readonly Promise<void>[], lost: Error | undefined): Promise<void> {
  for (const result of await Promise.allSettled(moves)) {
    if (result.status === "rejected") throw result.reason;
  }
  if (lost) throw lost;
}

async function move(settlement: Move, lease: Lease, options: SettlingOptions): Promise<void> {
  const { delivery } = settlement;
  try {
    if (settlement.kind === "retry") {
      await options.republish(delivery.queue, retried(settlement), settlement.delayMs);
    } else {
      const deadLetterQueue = options.deadLetterQueue(delivery.queue);
      if (deadLetterQueue === undefined) return lease.reject();
      await bury(deadLetterQueue, dead(settlement), delivery.queue, options);
    }
  } catch (error) {
    if (lease.alive) lease.release();
    if (error instanceof MessageTooLargeError) throw error;
    throw new BrokerUnavailableError(
      `the delivery comes again, it could not be moved: ${textOf(error)}`,
    );
  }
  if (!lease.alive) throw lostError(delivery);
  lease.ack();
}

/** The dead-letter queue may have been deleted under us. */
async function bury(
  deadLetterQueue: string,
  message: Message,
  queue: string,
  { republish, redeclare }: SettlingOptions,
): Promise<void> {
  try {
    await republish(deadLetterQueue, message, 0);
  } catch (error) {
    if (!(error instanceof QueueNotFoundError)) throw error;
    await redeclare(queue);
    await republish(deadLetterQueue, message, 0);
  }
}

function retried(
  { delivery, headers, countsAttempt = true }: Extract<Settlement, { kind: "retry" }>,
): Message {
  const { message } = delivery;
  const attempt = delivery.attempt + (countsAttempt ? 1 : 0);
  return { ...message, headers: { ...message.headers, ...headers, [ATTEMPT]: attempt } };
}

function dead({ delivery, headers, reason }: Extract<Settlement, { kind: "dead" }>): Message {
  // A dead letter that expired would be gone for good.
  const { expiration: _, ...message } = delivery.message;
  return {
    ...message,
    headers: {
      ...message.headers,
      ...headers,
      [DEAD_REASON]: reason,
      [DEAD_AT]: Date.now(),
      [DEAD_QUEUE]: delivery.queue,
    },
  };
}

function lostError({ queue, message }: Delivery): DeliveryLostError {
  const which = message.messageId ? `message ${message.messageId}` : "a message";
  return new DeliveryLostError(
    `${which} of "${queue}" is no longer this consumer's, or was settled before`,
  );
}
