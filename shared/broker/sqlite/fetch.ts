import { ATTEMPT, type Delivery, type Message } from "../broker.ts";
import { bury } from "./bury.ts";
import type { Connection } from "./connection.ts";
import { decodeMessage } from "./head.ts";
import type { Queue } from "./queues.ts";
import { HELD, READY } from "./schema.ts";

/** The most that one transaction takes from a queue. */
const BATCH = 256;

/** What a delivery of a work queue is known by: it stays valid while nobody else got it. */
export class Claim {
  readonly id: number;
  readonly queue: Queue;
  readonly client: number;
  readonly attempt: number;
  readonly redeliveries: number;

  constructor(row: Row, queue: Queue, client: number) {
    this.id = row.id;
    this.queue = queue;
    this.client = client;
    this.attempt = row.attempt;
    this.redeliveries = row.redeliveries;
  }
}

export interface Fetched {
  readonly claim: Claim;
  readonly message: Message;
}

interface Row {
  readonly id: number;
  readonly attempt: number;
  readonly redeliveries: number;
  readonly expires: number | null;
  readonly head: string;
  readonly body: Uint8Array | null;
}

/**
 * Takes ready messages for a client, the most urgent first. What has expired goes to the dead
 * letters instead.
 * @returns what was taken, the dead letters' queue if something went there, and whether there may
 *   be more.
 */
export function fetchReady(
  connection: Connection,
  queue: Queue,
  client: number,
  limit: number,
  now: number,
): { taken: Fetched[]; buriedIn: number | undefined; more: boolean } {
  const size = Math.min(limit, BATCH);
  const rows = connection.all<Row>(
    `SELECT m.id, m.attempt, m.redeliveries, m.expires_at AS expires, p.head, p.body
     FROM messages AS m JOIN payloads AS p ON p.id = m.id
     WHERE m.queue = ? AND m.state = ${READY} ORDER BY m.rank, m.id LIMIT ?`,
    queue.id,
    size,
  );
  const taken: Fetched[] = [];
  let buriedIn: number | undefined;
  for (const row of rows) {
    if (row.expires !== null && row.expires <= now) {
      buriedIn = bury(connection, row.id, queue, "expired", now);
      continue;
    }
    connection.run(
      `UPDATE messages SET state = ${HELD}, owner = ? WHERE id = ?`,
      client,
      row.id,
    );
    taken.push({
      claim: new Claim(row, queue, client),
      message: decodeMessage(row.head, row.body),
    });
  }
  return { taken, buriedIn, more: rows.length === size };
}

export function toDelivery({ claim, message }: Fetched, token: unknown): Delivery {
  const counted = claim.attempt === 1
    ? message
    : { ...message, headers: { ...message.headers, [ATTEMPT]: claim.attempt } };
  return {
    queue: claim.queue.name,
    message: counted,
    attempt: claim.attempt,
    redeliveries: claim.redeliveries,
    token,
  };
}
