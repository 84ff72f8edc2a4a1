import { ATTEMPT, type Message } from "../broker.ts";
import { DELAYED, READY } from "./schema.ts";
import type { Connection } from "./connection.ts";

/** A message as it is to be stored; made before the transaction, so that it cannot fail in it. */
export interface Prepared {
  readonly head: string;
  readonly body: Uint8Array;
  readonly rank: number;
  readonly attempt: number;
  /** Milliseconds from its becoming visible. */
  readonly expiration: number | undefined;
}

export function prepare(message: Message, head: string): Prepared {
  const attempt = message.headers[ATTEMPT];
  const priority = Math.min(9, Math.max(0, Math.trunc(message.priority ?? 0)));
  return {
    head,
    body: message.body,
    rank: 9 - priority,
    attempt: typeof attempt === "number" && attempt >= 1 ? Math.trunc(attempt) : 1,
    expiration: message.expiration === undefined ? undefined : Math.ceil(message.expiration),
  };
}

/**
 * Puts a message into a work queue.
 * @param delay milliseconds, whole.
 * @returns when something has to be done about it: when it becomes visible, or expires; epoch
 *   milliseconds, or infinity.
 */
export function insert(
  connection: Connection,
  queue: number,
  message: Prepared,
  now: number,
  delay: number,
): number {
  const visible = now + delay;
  const expires = message.expiration === undefined ? null : visible + message.expiration;
  const { id } = connection.run(
    `INSERT INTO messages (queue, state, rank, attempt, redeliveries, visible_at, expires_at)
     VALUES (?, ?, ?, ?, 0, ?, ?)`,
    queue,
    delay > 0 ? DELAYED : READY,
    message.rank,
    message.attempt,
    visible,
    expires,
  );
  connection.run(
    "INSERT INTO payloads (id, head, body) VALUES (?, ?, ?)",
    id,
    message.head,
    message.body,
  );
  return delay > 0 ? visible : expires ?? Infinity;
}
