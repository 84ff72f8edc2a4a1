import type { Message } from "../broker/broker.ts";
import { isLiveReplyQueue } from "../message/reply_queue.ts";

/**
 * A waiting request as it is published anew: what it expires by is counted from now on. Without a
 * deadline nobody knows how much of it is over, and it begins again.
 * @param now epoch milliseconds.
 */
export function requestCopy(message: Message, now: number): Message {
  const { expiration, ...rest } = message;
  const { deadline } = message.headers;
  if (expiration === undefined) return { ...rest, durable: true };
  const left = typeof deadline === "number" ? Math.max(0, deadline - now) : expiration;
  return { ...rest, expiration: left, durable: true };
}

/**
 * A waiting request as it stands at another broker: the same id, body, headers, priority and
 * attempts. It loses the queue of a live requester, which is not there.
 * @param now epoch milliseconds.
 */
export function movedRequest(message: Message, now: number): Message {
  const { replyTo, ...rest } = requestCopy(message, now);
  const id = message.correlationId ?? message.messageId;
  return replyTo === undefined || isLiveReplyQueue(replyTo, id) ? rest : { ...rest, replyTo };
}

/**
 * Whether somebody waits for the response at the broker that the request stands in. The response of
 * a tracked one is kept, and can be fetched by whoever waits no longer.
 */
export function isAwaited({ replyTo, headers }: Message): boolean {
  return replyTo !== undefined && headers["tracked"] !== true;
}

/** Whether the body of a request is not in its message, but in a spool of its broker. */
export function isSpooled({ headers }: Message): boolean {
  return headers["spool"] !== undefined;
}
