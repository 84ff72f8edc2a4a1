import { changed, entered, expiresAt, isAbandoned } from "../../results/changed.ts";
import {
  type Change,
  type Entered,
  finalStates,
  type NewRequest,
  type RequestRecord,
} from "../../results/result_store.ts";
import type { Connection } from "./connection.ts";
import * as rows from "./result_rows.ts";

/** Enters a request, within a transaction. */
export function enter(
  connection: Connection,
  request: NewRequest,
  ttl: number,
  now: number,
): Entered {
  const { id, claim } = request;
  const holder = claim && rows.findClaim(connection, claim.key)?.record;
  if (holder && holder.id !== id) {
    const known = rows.find(connection, holder.id, now);
    if (known && !isAbandoned(holder, now)) return { kind: "taken", record: holder };
    if (known) rows.disclaim(connection, holder.id);
    else rows.remove(connection, holder.id);
  }
  const record = entered(request, now);
  const unanswered = { ttl, expiresAt: expiresAt(record, ttl), response: undefined };
  if (!rows.insert(connection, record, unanswered) && !rows.find(connection, id, now)) {
    rows.remove(connection, id);
    rows.insert(connection, record, unanswered);
  }
  return { kind: "new" };
}

/**
 * Records a change and the response that goes with it, within a transaction.
 * @param ttl for a request that nobody has entered, milliseconds.
 * @returns whether it had an effect.
 */
export function record(
  connection: Connection,
  change: Change,
  { response, ttl }: { response?: rows.PreparedResponse | undefined; ttl: number },
  now: number,
): boolean {
  const before = rows.find(connection, change.id, now);
  const after = changed(before?.record, change, now);
  if (!after) return false;
  const kept = before?.ttl ?? ttl;
  const rest = { ttl: kept, expiresAt: expiresAt(after, kept), response };
  if (before) {
    rows.update(connection, before, after, rest);
  } else {
    rows.remove(connection, change.id);
    rows.insert(connection, after, rest);
  }
  return true;
}

/**
 * Cancels a request, within a transaction.
 * @returns the record as it then is, and whether that came about here.
 */
export function cancel(
  connection: Connection,
  id: string,
  until: number,
  now: number,
): { record: RequestRecord | undefined; cancelled: boolean } {
  const found = rows.find(connection, id, now)?.record;
  if (!found || finalStates.has(found.state)) return { record: found, cancelled: false };
  const { service, run } = found;
  record(connection, { id, service, run, state: "cancelled" }, { ttl: 0 }, now);
  const sql = "INSERT INTO cancellations (request, until) VALUES (?, ?)";
  connection.run(sql, id, rows.whole(until));
  return { record: rows.find(connection, id, now)?.record, cancelled: true };
}
