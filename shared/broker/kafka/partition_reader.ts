import { type Connection, fetchV17 } from "@platformatic/kafka";
import { backoffMs, pause } from "../../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { atStart, offsetAt } from "./offsets.ts";
import { type ReadRecord, readRecords } from "./record.ts";
import { codeOf, codes, isMissingTopic } from "./refusal.ts";

/** How long a server keeps a fetch that finds nothing, milliseconds. */
const maxWaitMs = 3_000;
const maxBytes = 16 * 2 ** 20;
/** Until another server leads a partition takes seconds. */
const mostPauseMs = 1_000;

/** How a partition is read. */
export interface ReaderOptions {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly partition: number;
  /** The offset to start at; it is called again only until it has given one. */
  readonly start: () => Promise<bigint>;
  readonly signal: AbortSignal;
  /** Told when it starts to read on a new connection. */
  readonly onAttached?: () => void;
  /** Told when it reads no longer, until it does again. */
  readonly onDetached?: (error: unknown) => void;
  /** Takes what was read, in its order; the next is read when it resolves. */
  readonly onRecords: (records: readonly ReadRecord[], end: bigint) => void | Promise<void>;
}

/** Reads a partition from an offset on, as it grows, through outages, until the signal aborts. */
export async function readPartition(options: ReaderOptions): Promise<void> {
  const { cluster, signal, onAttached, onDetached, onRecords } = options;
  let next: bigint | undefined;
  for (let failures = 0; !signal.aborted; failures++) {
    let connection: Connection | undefined;
    const stop = () => connection?.socket?.destroy();
    try {
      await cluster.ready(signal);
      const topic = await cluster.metadata.topic(options.topic);
      if (!topic) throw new Error(`the topic "${options.topic}" is not there`);
      next ??= await options.start();
      connection = await cluster.dedicated(topic.leaders[options.partition] ?? -1);
      signal.addEventListener("abort", stop);
      if (signal.aborted) break;
      onAttached?.();
      while (!signal.aborted) {
        const answer = await fetchPartition(connection, topic.id, options.partition, next, {
          maxWaitMs,
          maxBytes,
        });
        if (signal.aborted) break;
        failures = 0;
        const { records, end } = answer;
        const from: bigint = next;
        const fresh = records.filter(({ offset }) => offset >= from);
        next = answer.next ?? next;
        if (fresh.length > 0 || records.length > 0) await onRecords(fresh, end);
      }
    } catch (error) {
      if (signal.aborted) break;
      const code = codeOf(error);
      cluster.metadata.forget(options.topic);
      // The topic is another one, or has been cut off before us: what is left starts where it starts.
      if (code === codes.offsetOutOfRange || isMissingTopic(code)) {
        next = await startOf(cluster, options).catch(() => next);
      }
      onDetached?.(error);
      if (cluster.connected || failures > 0) await pause(backoffMs(failures, mostPauseMs), signal);
    } finally {
      signal.removeEventListener("abort", stop);
      connection?.close(() => {});
      connection?.socket?.destroy();
    }
  }
}

async function startOf(
  cluster: Cluster,
  { topic: name, partition }: ReaderOptions,
): Promise<bigint | undefined> {
  const topic = await cluster.metadata.topic(name);
  return topic && await offsetAt(cluster, topic, partition, atStart);
}

/** What a fetch has found. */
export interface Fetched {
  readonly records: readonly ReadRecord[];
  /** Where to go on; undefined where nothing was found. */
  readonly next: bigint | undefined;
  /** The end of the partition. */
  readonly end: bigint;
}

/**
 * Fetches from a partition once.
 * @throws the library's error.
 */
export async function fetchPartition(
  connection: Connection,
  topicId: string,
  partition: number,
  offset: bigint,
  { maxWaitMs, maxBytes }: { readonly maxWaitMs: number; readonly maxBytes: number },
): Promise<Fetched> {
  const answer = await fetchV17.api.async(
    connection,
    maxWaitMs,
    1,
    maxBytes,
    0,
    0,
    -1,
    [{
      topicId,
      partitions: [{
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: maxBytes,
      }],
    }],
    [],
    "",
  );
  const found = answer.responses[0]?.partitions[0];
  const batches = found?.records ?? [];
  const last = batches.at(-1);
  return {
    records: [...readRecords(batches)],
    next: last && last.firstOffset + BigInt(last.lastOffsetDelta) + 1n,
    end: found?.highWatermark ?? offset,
  };
}
