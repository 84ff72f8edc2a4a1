import { type Connection, deleteTopicsV6 } from "@platformatic/kafka";
import { decodePiece, encodePiece } from "../../message/piece.ts";
import type { Piece, SpoolState, SpoolStore } from "../../spool/spool_store.ts";
import { backoffMs, pause, within } from "../../waiting.ts";
import { BrokerUnavailableError, QueueNotFoundError, SpoolNotFoundError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import { atEnd, atStart, offsetAt } from "./offsets.ts";
import { type Fetched, fetchPartition } from "./partition_reader.ts";
import type { Producer } from "./producer.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { answered, brokerError, codeOf, codes, isMissingTopic, refused } from "./refusal.ts";
import { ensureTopics, topicSettings } from "./topics.ts";
import type { Target } from "./url.ts";

const partition = 0;
/** Pieces that go in one request, whose order is kept; that of several could change. */
const piecesAtOnce = 3;
/** Pieces that were sent in vain and may come after the last one all the same, at most. */
const mostLate = 2 * piecesAtOnce;
/** How much is fetched at a time, bytes. */
const fetchBytes = 2 ** 20;
/** How long a server keeps a fetch that finds nothing, milliseconds. */
const fetchWaitMs = 3_000;
/**
 * Reading from this many pieces before the right one is quicker than to look on. With fewer, looking
 * could end among late pieces that nothing follows.
 */
const closeEnough = 2 * mostLate;
const answerTimeoutMs = 9_000;
const deletingMs = 5_000;
/** How long a server may not know of a topic that another has made, milliseconds. */
const behindMs = 300;
/** How long its leader may not, milliseconds. */
const leaderBehindMs = 3_000;

/** The topic that a spool is kept in. */
function spoolTopic(id: string): string {
  return `proxymq_spool_${id}`;
}

/** What spools share with the rest of a broker handle. */
export interface TopicSpoolsOptions {
  readonly cluster: Cluster;
  readonly target: Target;
  readonly producer: Producer;
}

/** Kafka's spools: a topic of one partition for each, which is deleted as a whole. */
export class TopicSpools implements SpoolStore {
  readonly #cluster: Cluster;
  readonly #target: Target;
  readonly #producer: Producer;

  constructor({ cluster, target, producer }: TopicSpoolsOptions) {
    this.#cluster = cluster;
    this.#target = target;
    this.#producer = producer;
  }

  async create(id: string): Promise<void> {
    await this.#inTime(() =>
      ensureTopics(this.#cluster, this.#target, [
        { name: spoolTopic(id), partitions: 1, settings: topicSettings.spool },
      ])
    );
  }

  async append(id: string, pieces: readonly Piece[]): Promise<void> {
    const records = pieces.map((piece) => encodeRecord(encodePiece(id, piece)));
    await this.#inTime(async (signal) => {
      for (let at = 0; at < records.length && !signal.aborted; at += piecesAtOnce) {
        await this.#append(id, records.slice(at, at + piecesAtOnce));
      }
    });
  }

  async *read(id: string, from: number, wanted: AbortSignal): AsyncGenerator<Piece> {
    const cluster = this.#cluster;
    const signal = AbortSignal.any([wanted, cluster.closing]);
    let made: string | undefined;
    let next: bigint | undefined;
    let expected: number | undefined;
    let searches = from > 0;
    for (let failures = 0; !signal.aborted; failures++) {
      let connection: Connection | undefined;
      const stop = () => connection?.socket?.destroy();
      try {
        await cluster.ready(signal);
        const topic = await this.#find(id);
        // Another of the same name is not what was begun.
        if (topic.id !== (made ??= topic.id)) throw new SpoolNotFoundError(id);
        next ??= await this.#offsetOf(topic, searches ? from : 0);
        connection = await cluster.dedicated(leaderOf(topic));
        signal.addEventListener("abort", stop);
        while (!signal.aborted) {
          const found = await fetch(connection, topic, next, fetchWaitMs, fetchBytes);
          failures = 0;
          let misled = false;
          for (const record of found.records) {
            if (record.offset < next) continue;
            next = record.offset + 1n;
            const piece = decodePiece(decodeRecord(record));
            // Looking ended at a piece that came late: what is missing after it stands before it.
            misled = searches && expected !== undefined && piece.seq > expected;
            if (misled) break;
            expected = Math.max(expected ?? 0, piece.seq + 1);
            yield piece;
            if (piece.last || signal.aborted) return;
          }
          if (misled) {
            searches = false;
            next = undefined;
            break;
          }
          next = found.next ?? next;
        }
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof SpoolNotFoundError) throw error;
        if (!(error instanceof BrokerUnavailableError)) throw error;
        // What was cut off before it is missed by who reads.
        if (codeOf(error.cause) === codes.offsetOutOfRange) next = undefined;
        await pause(backoffMs(failures), signal);
      } finally {
        signal.removeEventListener("abort", stop);
        connection?.close(() => {});
        connection?.socket?.destroy();
      }
    }
    if (!wanted.aborted) throw new BrokerUnavailableError("the broker handle is closed");
  }

  async look(id: string, silenceMs: number): Promise<SpoolState | undefined> {
    try {
      const topic = await this.#inTime(() => this.#find(id));
      return await this.#stateOf(topic, silenceMs);
    } catch (error) {
      const gone = error instanceof BrokerUnavailableError && isMissingTopic(codeOf(error.cause));
      if (gone || error instanceof SpoolNotFoundError) return undefined;
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    const name = spoolTopic(id);
    await this.#inTime(async () => {
      const { responses } = await this.#cluster.ask((control) =>
        answered(deleteTopicsV6.api.async(control, [{ name }], deletingMs))
      );
      for (const { errorCode } of responses) {
        if (errorCode !== 0 && !isMissingTopic(errorCode)) throw refused(errorCode, name);
      }
      // The controller knows it before the others do.
      for (let tries = 0; await this.#cluster.metadata.topic(name, { again: true }); tries++) {
        await pause(5 + 5 * tries, this.#cluster.closing);
      }
    });
  }

  /** @throws {SpoolNotFoundError} */
  async #append(id: string, records: readonly ReturnType<typeof encodeRecord>[]): Promise<void> {
    const name = spoolTopic(id);
    for (const start = performance.now();;) {
      try {
        await this.#producer.send(name, partition, records, "all");
        return;
      } catch (error) {
        if (!(error instanceof QueueNotFoundError)) throw error;
        await this.#find(id);
        if (performance.now() - start > leaderBehindMs) {
          throw new BrokerUnavailableError(`${name}: its leader does not know of it`);
        }
        await pause(behindMs / 6, this.#cluster.closing);
      }
    }
  }

  /** @throws {SpoolNotFoundError} */
  async #find(id: string): Promise<Topic> {
    this.#cluster.check();
    for (const start = performance.now();;) {
      const topic = await this.#cluster.metadata.topic(spoolTopic(id), { again: true });
      if (topic) return topic;
      if (performance.now() - start > behindMs) throw new SpoolNotFoundError(id);
      await pause(behindMs / 6, this.#cluster.closing);
    }
  }

  /** An offset from where reading comes to a byte soon: pieces grow with the offsets. */
  async #offsetOf(topic: Topic, from: number): Promise<bigint> {
    const first = await offsetAt(this.#cluster, topic, partition, atStart) ?? 0n;
    if (from <= 0) return first;
    let low = first;
    let high = await offsetAt(this.#cluster, topic, partition, atEnd) ?? first;
    while (high - low > closeEnough) {
      const middle = (low + high) >> 1n;
      const piece = await this.#pieceAt(topic, middle);
      if (!piece) return low;
      if (piece.at <= from) low = middle;
      else high = middle;
    }
    return low;
  }

  async #pieceAt(topic: Topic, offset: bigint): Promise<Piece | undefined> {
    const connection = await this.#cluster.connection(leaderOf(topic));
    const { records } = await fetch(connection, topic, offset, 0, 1);
    const record = records.find((each) => each.offset >= offset);
    return record && decodePiece(decodeRecord(record));
  }

  async #stateOf(topic: Topic, silenceMs: number): Promise<SpoolState> {
    const deadline = performance.now() + silenceMs;
    let end = await offsetAt(this.#cluster, topic, partition, atEnd) ?? 0n;
    const connection = await this.#cluster.dedicated(leaderOf(topic));
    try {
      if (await hasLast(connection, topic, end)) return "ended";
      for (;;) {
        const left = deadline - performance.now();
        if (left <= 0) return "silent";
        const waitMs = Math.ceil(Math.min(left, fetchWaitMs));
        const { records, next } = await fetch(connection, topic, end, waitMs, fetchBytes);
        const fresh = records.filter(({ offset }) => offset >= end);
        if (fresh.length > 0) {
          const ended = fresh.some((record) => decodePiece(decodeRecord(record)).last);
          return ended ? "ended" : "growing";
        }
        end = next ?? end;
      }
    } finally {
      connection.close(() => {});
    }
  }

  /** @param act gets a signal that aborts when nobody waits for it any more. */
  async #inTime<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const run = async () => {
      await this.#cluster.firstTry;
      this.#cluster.check();
      return await act(limit.signal);
    };
    const late = () => {
      limit.abort();
      return new BrokerUnavailableError(`Kafka did not answer within ${answerTimeoutMs / 1_000} s`);
    };
    return await within(run(), { ms: answerTimeoutMs, late });
  }
}

/** Whether the last piece is there, or was before some that came late. */
async function hasLast(connection: Connection, topic: Topic, end: bigint): Promise<boolean> {
  if (end === 0n) return false;
  const from = end - BigInt(1 + mostLate);
  const { records } = await fetch(connection, topic, from > 0n ? from : 0n, 0, fetchBytes);
  return records.some((record) => decodePiece(decodeRecord(record)).last);
}

function leaderOf({ leaders }: Topic): number {
  return leaders[partition] ?? -1;
}

/** @throws {BrokerUnavailableError} with the library's error as its cause. */
async function fetch(
  connection: Connection,
  topic: Topic,
  offset: bigint,
  maxWaitMs: number,
  maxBytes: number,
): Promise<Fetched> {
  try {
    return await fetchPartition(connection, topic.id, partition, offset, { maxWaitMs, maxBytes });
  } catch (error) {
    throw brokerError(error, topic.name);
  }
}
