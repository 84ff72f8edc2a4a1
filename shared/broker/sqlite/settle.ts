import type { Settlement } from "../broker.ts";
import { addToHead, bury } from "./bury.ts";
import type { Connection } from "./connection.ts";
import type { Claim } from "./fetch.ts";
import { DELAYED, HELD, READY } from "./schema.ts";

/** The longest delay, milliseconds: ten years. */
export const MAX_DELAY = 10 * 365 * 24 * 60 * 60 * 1000;

const STILL_OURS = `id = ? AND state = ${HELD} AND owner = ? AND redeliveries = ? AND attempt = ?`;

/** What a settlement did; `undefined` where the delivery was no longer the client's. */
export interface Settled {
  /** The queue in which a message became ready. */
  readonly touched?: number;
  /** When something has to be done about it, epoch milliseconds. */
  readonly due?: number;
}

/** Settles a delivery, if it is still the client's. */
export function settle(
  connection: Connection,
  claim: Claim,
  settlement: Settlement,
  now: number,
): Settled | undefined {
  switch (settlement.kind) {
    case "ack":
      if (!change(connection, `DELETE FROM messages WHERE ${STILL_OURS}`, claim)) return undefined;
      connection.run("DELETE FROM payloads WHERE id = ?", claim.id);
      return {};
    case "release":
      return release(connection, claim, 1) ? { touched: claim.queue.id } : undefined;
    case "retry":
      return retry(connection, claim, settlement, now);
    case "dead":
      if (!change(connection, `UPDATE messages SET owner = NULL WHERE ${STILL_OURS}`, claim)) {
        return undefined;
      }
      return {
        touched: bury(
          connection,
          claim.id,
          claim.queue,
          settlement.reason,
          now,
          settlement.headers,
        ),
      };
  }
}

/**
 * Gives a delivery back to its queue.
 * @param counted 1 if somebody had it in hand, 0 if it was only fetched.
 */
export function release(connection: Connection, claim: Claim, counted: 0 | 1): boolean {
  const sql = `UPDATE messages SET state = ${READY}, owner = NULL,
    redeliveries = redeliveries + ${counted} WHERE ${STILL_OURS}`;
  return change(connection, sql, claim);
}

/** It goes behind what waits by now: a new id is its new place. */
function retry(
  connection: Connection,
  claim: Claim,
  settlement: Extract<Settlement, { kind: "retry" }>,
  now: number,
): Settled | undefined {
  const delay = wholeDelay(settlement.delayMs);
  const sql = `INSERT INTO messages
    (queue, state, rank, attempt, redeliveries, visible_at, expires_at)
    SELECT queue, ?, rank, attempt + ?, redeliveries, ?, expires_at + ?
    FROM messages WHERE ${STILL_OURS}`;
  const state = delay > 0 ? DELAYED : READY;
  const counted = settlement.countsAttempt === false ? 0 : 1;
  const { changes, id } = run(connection, sql, claim, state, counted, now + delay, delay);
  if (changes !== 1) return undefined;
  connection.run("UPDATE payloads SET id = ? WHERE id = ?", id, claim.id);
  connection.run("DELETE FROM messages WHERE id = ?", claim.id);
  if (settlement.headers) addToHead(connection, id, settlement.headers);
  return delay > 0 ? { due: now + delay } : { touched: claim.queue.id };
}

/** A delay in whole milliseconds, within what is allowed. */
export function wholeDelay(delay: number): number {
  return Math.min(MAX_DELAY, Math.max(0, Math.ceil(delay)));
}

function change(connection: Connection, sql: string, claim: Claim): boolean {
  return run(connection, sql, claim).changes === 1;
}

function run(
  connection: Connection,
  sql: string,
  { id, client, redeliveries, attempt }: Claim,
  ...values: number[]
) {
  return connection.run(sql, ...values, id, client, redeliveries, attempt);
}
