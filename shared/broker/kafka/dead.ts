import {
  ATTEMPT,
  DEAD_AT,
  DEAD_QUEUE,
  DEAD_REASON,
  type Delivery,
  type Message,
  type MessageHeaders,
} from "../broker.ts";

/** A message as the dead letter that it becomes. */
export function deadLetter(
  { expiration: _, ...message }: Message,
  queue: string,
  reason: string,
  headers: MessageHeaders = {},
): Message {
  return {
    ...message,
    headers: {
      ...message.headers,
      ...headers,
      [DEAD_REASON]: reason,
      [DEAD_AT]: Date.now(),
      [DEAD_QUEUE]: queue,
    },
  };
}

/** A message as it is tried again. */
export function retried(
  { message, attempt }: Delivery,
  countsAttempt: boolean,
  headers: MessageHeaders = {},
): Message {
  const next = attempt + (countsAttempt ? 1 : 0);
  return { ...message, headers: { ...message.headers, ...headers, [ATTEMPT]: next } };
}

/** Which attempt at a message is under way. */
export function attemptOf({ headers }: Message): number {
  const attempt = headers[ATTEMPT];
  return typeof attempt === "number" && attempt > 0 ? attempt : 1;
}
