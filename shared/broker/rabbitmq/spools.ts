import { decodePiece, encodePiece } from "../../message/piece.ts";
import { backoffMs, pause, within } from "../../waiting.ts";
import type { Piece, SpoolState, SpoolStore } from "../../spool/spool_store.ts";
import { BrokerUnavailableError, QueueNotFoundError, SpoolNotFoundError } from "../errors.ts";
import type { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import type { Publisher } from "./publisher.ts";
import { brokerError, replyCodeOf, replyCodes } from "./refusal.ts";
import { type StreamPosition, StreamReader } from "./stream_reader.ts";
import { onChannel } from "./throwaway.ts";

/** How many pieces may be on their way to a reader: 1 MiB. */
const piecesAhead = 8;
const probeTimeoutMs = 5_000;
const answerTimeoutMs = 10_000;
/** Reading from this many pieces before the right one is quicker than to look on. */
const closeEnough = 16;
/** When the server forgets pieces by itself, should nobody delete the spool, seconds: 400 days. */
const maxAgeSeconds = 400 * 86_400;

/** The stream that a spool is kept in. */
export function spoolQueue(id: string): string {
  return `proxymq_spool_${id}`;
}

/**
 * RabbitMQ's spools: a stream for each, which is read again from anywhere, and deleted as a whole. What
 * a stream costs does not count beside a body that is worth one.
 */
export class StreamSpools implements SpoolStore {
  readonly #connection: Connection;
  readonly #publisher: Publisher;
  readonly #closed: AbortSignal;

  /** @param closed aborts when the broker handle is closed, and this one with it. */
  constructor(connection: Connection, publisher: Publisher, closed: AbortSignal) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#closed = closed;
  }

  create(id: string): Promise<void> {
    return this.#onChannel((channel) =>
      channel.queueDeclare(spoolQueue(id), { durable: true }, {
        "x-queue-type": "stream",
        "x-max-age": `${maxAgeSeconds}s`,
      })
    );
  }

  async append(id: string, pieces: readonly Piece[]): Promise<void> {
    const messages = pieces.map((piece) => encodePiece(id, piece));
    try {
      await this.#publisher.publish({ queue: spoolQueue(id) }, messages);
    } catch (error) {
      throw error instanceof QueueNotFoundError ? new SpoolNotFoundError(id) : error;
    }
  }

  async *read(id: string, from: number, wanted: AbortSignal): AsyncGenerator<Piece> {
    const signal = AbortSignal.any([wanted, this.#closed]);
    let next: number | undefined;
    for (let failures = 0; !signal.aborted; failures++) {
      const client = await this.#connection.ready(signal).catch(() => undefined);
      if (!client) break;
      try {
        next ??= await offsetOf(client, id, from, signal);
        await using reader = await open(client, id, next, piecesAhead);
        for (;;) {
          const entry = await reader.next(signal);
          if (!entry) break;
          if (entry.offset < next) continue;
          next = entry.offset + 1;
          failures = 0;
          const piece = decodePiece(entry.message);
          yield piece;
          if (piece.last) return;
        }
      } catch (error) {
        if (error instanceof SpoolNotFoundError) throw error;
        if (!client.closed && !(error instanceof BrokerUnavailableError)) throw error;
      }
      await pause(backoffMs(failures), signal);
    }
    if (!wanted.aborted) throw new BrokerUnavailableError("the broker handle is closed");
  }

  async look(id: string, silenceMs: number): Promise<SpoolState | undefined> {
    const client = this.#client();
    const start = performance.now();
    const patience = AbortSignal.timeout(silenceMs);
    let heardAt = start;
    try {
      await using reader = await open(client, id, "last", piecesAhead);
      for (let entry; (entry = await reader.next(patience));) {
        if (decodePiece(entry.message).last) return "ended";
        heardAt = performance.now();
      }
    } catch (error) {
      if (error instanceof SpoolNotFoundError) return undefined;
      throw error;
    }
    if (!patience.aborted) throw new BrokerUnavailableError("the connection was lost");
    // What was there comes at once; a writer speaks up again and again.
    return heardAt - start > silenceMs / 3 ? "growing" : "silent";
  }

  delete(id: string): Promise<void> {
    return this.#onChannel((channel) => channel.queueDelete(spoolQueue(id)));
  }

  async #onChannel(use: Parameters<typeof onChannel<unknown>>[1]): Promise<void> {
    try {
      await within(onChannel(this.#client(), use), { ms: answerTimeoutMs, late: tooLate });
    } catch (error) {
      throw brokerError(error);
    }
  }

  #client(): Client {
    const { client, trouble } = this.#connection;
    if (client && !this.#closed.aborted) return client;
    throw new BrokerUnavailableError(`not connected to RabbitMQ: ${trouble}`);
  }
}

/**
 * @throws {SpoolNotFoundError}
 * @throws {BrokerUnavailableError}
 */
async function open(
  client: Client,
  id: string,
  from: StreamPosition,
  ahead: number,
): Promise<StreamReader> {
  try {
    return await StreamReader.open(client, spoolQueue(id), from, ahead);
  } catch (error) {
    if (!client.closed && replyCodeOf(error) === replyCodes.notFound) {
      throw new SpoolNotFoundError(id);
    }
    throw brokerError(error);
  }
}

/**
 * An offset in the stream from where reading comes to a byte soon: pieces say where in the body they
 * are, and grow with the offsets.
 */
async function offsetOf(
  client: Client,
  id: string,
  from: number,
  signal: AbortSignal,
): Promise<number> {
  if (from <= 0) return 0;
  const late = await probe(client, id, "last", signal);
  if (!late) return 0;
  if (late.at <= from) return late.offset;
  let [low, high] = [0, late.offset];
  while (high - low > closeEnough) {
    const middle = (low + high) >> 1;
    const found = await probe(client, id, middle, signal);
    if (!found) return low;
    if (found.at <= from) low = middle;
    else high = middle;
  }
  return low;
}

async function probe(
  client: Client,
  id: string,
  position: StreamPosition,
  signal: AbortSignal,
): Promise<{ readonly at: number; readonly offset: number } | undefined> {
  await using reader = await open(client, id, position, 1);
  const timeout = AbortSignal.timeout(probeTimeoutMs);
  const entry = await reader.next(AbortSignal.any([signal, timeout]));
  return entry && { at: decodePiece(entry.message).at, offset: entry.offset };
}

function tooLate(): BrokerUnavailableError {
  return new BrokerUnavailableError(`RabbitMQ did not answer within ${answerTimeoutMs / 1_000} s`);
}
