import type { QueuedResponse } from "../../message/envelope.ts";
import type { RequestRecord, RequestState } from "../../results/result_store.ts";
import type { HeaderTable } from "../../http/headers.ts";
import type { Message } from "../broker.ts";
import type { Connection } from "./connection.ts";
import { decodeMessage, encodeHead } from "./head.ts";

/** A response as it is to be stored; made before the transaction, so that it cannot fail in it. */
export interface PreparedResponse {
  readonly head: string;
  readonly body: Uint8Array;
}

/** A request as it stands in the table. */
export interface Stored {
  readonly record: RequestRecord;
  readonly ttl: number;
  /** The row of its response. */
  readonly response: number | null;
}

interface Row {
  readonly id: string;
  readonly service: string;
  readonly state: RequestState;
  readonly run: number;
  readonly attempt: number;
  readonly nextAttemptAt: number | null;
  readonly reason: string | null;
  readonly status: number | null;
  readonly dueAt: number | null;
  readonly deadline: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly key: string | null;
  readonly fingerprint: string | null;
  readonly confirmed: number;
  readonly ttl: number;
  readonly response: number | null;
}

const SELECT = `SELECT id, service, state, run, attempt, next_attempt_at AS nextAttemptAt, reason,
    status, due_at AS dueAt, deadline, created_at AS createdAt, updated_at AS updatedAt,
    claim_key AS key, claim_fingerprint AS fingerprint, confirmed, ttl, response
  FROM requests`;
const KNOWN = "(expires_at IS NULL OR expires_at > ?)";

/** @throws {MessageTooLargeError} a response over the limits of a message. */
export function prepareResponse({ headers, body, spooled }: QueuedResponse): PreparedResponse {
  const message = { headers, body, ...(spooled ? { spooled } : {}) };
  return { head: encodeHead(message), body };
}

/** A request that is known and has not expired. */
export function find(connection: Connection, id: string, now: number): Stored | undefined {
  return stored(connection.get<Row>(`${SELECT} WHERE id = ? AND ${KNOWN}`, id, now));
}

/** The request that has a key, though it may have expired. */
export function findClaim(connection: Connection, key: string): Stored | undefined {
  return stored(connection.get<Row>(`${SELECT} WHERE claim_key = ?`, key));
}

/**
 * Adds a request.
 * @returns false, and does nothing, if there is one with its id, though it may have expired.
 */
export function insert(
  connection: Connection,
  record: RequestRecord,
  { ttl, expiresAt, response }: {
    ttl: number;
    expiresAt: number;
    response: PreparedResponse | undefined;
  },
): boolean {
  const { changes } = connection.run(
    `INSERT INTO requests (id, service, state, run, attempt, next_attempt_at, reason, status,
       due_at, deadline, created_at, updated_at, claim_key, claim_fingerprint, confirmed, ttl,
       expires_at, response)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    record.id,
    record.service,
    record.state,
    whole(record.run),
    whole(record.attempt),
    whole(record.nextAttemptAt),
    record.reason ?? null,
    whole(record.status),
    whole(record.dueAt),
    whole(record.deadline),
    record.createdAt,
    record.updatedAt,
    record.claim?.key ?? null,
    record.claim?.fingerprint ?? null,
    record.confirmed ? 1 : 0,
    whole(ttl),
    whole(expiresAt),
    insertResponse(connection, response),
  );
  return changes === 1;
}

/** Writes down what has changed of a request. */
export function update(
  connection: Connection,
  before: Stored,
  record: RequestRecord,
  { expiresAt, response }: {
    expiresAt: number;
    response: PreparedResponse | undefined;
  },
): void {
  removeResponse(connection, before.response);
  connection.run(
    `UPDATE requests SET state = ?, run = ?, attempt = ?, next_attempt_at = ?, reason = ?,
       status = ?, updated_at = ?, confirmed = ?, expires_at = ?, response = ? WHERE id = ?`,
    record.state,
    whole(record.run),
    whole(record.attempt),
    whole(record.nextAttemptAt),
    record.reason ?? null,
    whole(record.status),
    record.updatedAt,
    record.confirmed ? 1 : 0,
    whole(expiresAt),
    insertResponse(connection, response),
    record.id,
  );
}

export function confirm(connection: Connection, id: string): void {
  connection.run("UPDATE requests SET confirmed = 1 WHERE id = ? AND confirmed = 0", id);
}

/** Takes its key from a request. */
export function disclaim(connection: Connection, id: string): void {
  const sql = "UPDATE requests SET claim_key = NULL, claim_fingerprint = NULL WHERE id = ?";
  connection.run(sql, id);
}

/** Removes a request with its response. */
export function remove(connection: Connection, id: string): void {
  const sql = "DELETE FROM requests WHERE id = ? RETURNING response";
  const row = connection.get<{ response: number | null }>(sql, id);
  if (row) removeResponse(connection, row.response);
}

/** How many requests of each service wait for their time. The literals are those of the index. */
export function countDelayed(connection: Connection, now: number): Map<string, number> {
  const rows = connection.all<{ service: string; count: number }>(
    `SELECT service, count(*) AS count FROM requests
     WHERE state = 'queued' AND coalesce(next_attempt_at, due_at) > 0
       AND coalesce(next_attempt_at, due_at) > ? AND ${KNOWN}
     GROUP BY service`,
    now,
    now,
  );
  return new Map(rows.map(({ service, count }) => [service, count]));
}

/** The response of a request that has not expired. */
export function findResponse(
  connection: Connection,
  id: string,
  now: number,
): QueuedResponse | undefined {
  const row = connection.get<{ status: number; head: string; body: Uint8Array | null }>(
    `SELECT r.status, p.head, p.body FROM requests AS r JOIN responses AS p ON p.id = r.response
     WHERE r.id = ? AND ${KNOWN}`,
    id,
    now,
  );
  if (!row) return undefined;
  const kept: Message & Pick<QueuedResponse, "spooled"> = decodeMessage(row.head, row.body);
  const { headers, body, spooled } = kept;
  return {
    status: row.status,
    headers: headers as HeaderTable,
    body,
    ...(spooled ? { spooled } : {}),
  };
}

/** A number as a column of integers takes it. */
export function whole(value: number): number;
export function whole(value: number | undefined): number | null;
export function whole(value: number | undefined): number | null {
  if (value === undefined || Number.isNaN(value)) return null;
  const most = Number.MAX_SAFE_INTEGER;
  return Math.max(-most, Math.min(most, Math.ceil(value)));
}

function insertResponse(
  connection: Connection,
  response: PreparedResponse | undefined,
): number | null {
  if (!response) return null;
  const sql = "INSERT INTO responses (head, body) VALUES (?, ?)";
  return connection.run(sql, response.head, response.body).id;
}

function removeResponse(connection: Connection, id: number | null): void {
  if (id !== null) connection.run("DELETE FROM responses WHERE id = ?", id);
}

function stored(row: Row | undefined): Stored | undefined {
  if (!row) return undefined;
  const { key, fingerprint } = row;
  return {
    record: {
      id: row.id,
      service: row.service,
      state: row.state,
      run: row.run,
      attempt: row.attempt,
      ...(row.nextAttemptAt === null ? {} : { nextAttemptAt: row.nextAttemptAt }),
      ...(row.reason === null ? {} : { reason: row.reason }),
      ...(row.status === null ? {} : { status: row.status }),
      ...(row.dueAt === null ? {} : { dueAt: row.dueAt }),
      ...(row.deadline === null ? {} : { deadline: row.deadline }),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
      ...(key === null ? {} : { claim: { key, fingerprint: fingerprint ?? "" } }),
      confirmed: row.confirmed === 1,
    },
    ttl: row.ttl,
    response: row.response,
  };
}
