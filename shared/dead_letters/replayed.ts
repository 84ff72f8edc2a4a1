import {
  ATTEMPT,
  DEAD_AT,
  DEAD_QUEUE,
  DEAD_REASON,
  type HeaderValue,
  type Message,
} from "../broker/broker.ts";
import { DEAD_RESPONSE, DEAD_STATUS } from "../message/history.ts";
import { isLiveReplyQueue } from "../message/reply_queue.ts";

/** Header that counts how often a request was replayed from the dead letters. */
export const REPLAYS = "replays";

const ofTheDead: ReadonlySet<string> = new Set([
  ATTEMPT,
  DEAD_REASON,
  DEAD_AT,
  DEAD_QUEUE,
  DEAD_STATUS,
  DEAD_RESPONSE,
  // The one it had is over.
  "deadline",
]);

/** How often a message was replayed. */
export function replaysOf({ headers }: Message): number {
  const replays = headers[REPLAYS];
  return typeof replays === "number" && replays > 0 ? Math.trunc(replays) : 0;
}

/**
 * A dead letter as the request it is again: the same id, body and failed attempts, all its
 * attempts before it, and no deadline, since nobody waits for it. Its `reply_to` stays if it names
 * a queue that outlives its requester: whoever reads that queue wants the response still.
 */
export function replayed(message: Message): Message {
  const { expiration: _, replyTo, ...rest } = message;
  const headers: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (!ofTheDead.has(name)) headers[name] = value;
  }
  headers[REPLAYS] = replaysOf(message) + 1;
  const id = message.correlationId ?? message.messageId;
  return {
    ...rest,
    ...(replyTo === undefined || isLiveReplyQueue(replyTo, id) ? {} : { replyTo }),
    headers,
    durable: true,
  };
}

/** A dead letter as a fresh copy for the dead-letter queue. */
export function copied(message: Message): Message {
  // It would end the copy for good.
  const { expiration: _, ...rest } = message;
  return { ...rest, durable: true };
}
