import { type Connection, type MessageRecord, NumericMap, produceV11 } from "@platformatic/kafka";
import { BrokerUnavailableError } from "../errors.ts";
import type { NewRecord } from "./record.ts";
import { answered } from "./refusal.ts";
import type { Stamp } from "./sequences.ts";

/** How many copies have a record before it counts: all that are in sync, or the leader's. */
export type Acks = "all" | "leader";

/** Records for a partition that somebody waits for. */
export interface Job {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  /** Takes the offset of the last record. */
  readonly resolve: (offset: bigint) => void;
  /** Takes Kafka's code, or what else was in the way. */
  readonly reject: (code: number | Error) => void;
}

/** Jobs for one partition that go together, and stay together if they are sent again. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly jobs: Job[];
  stamp?: Stamp | undefined;
  /** Nobody knows whether it was appended. */
  uncertain?: boolean;
  /** When it is not sent again any more, by `performance.now()`. */
  giveUpAt?: number;
}

/** What a server has said to a batch. */
export interface Answer {
  /** 0 if it was appended. */
  readonly code: number;
  /** The offset of its first record. */
  readonly offset: bigint;
}

/** How long a leader waits for the others, milliseconds. */
const confirmMs = 5_000;

/** The jobs of each partition as a batch. */
export function inBatches(jobs: readonly Job[]): Batch[] {
  const batches = new Map<string, Batch>();
  for (const job of jobs) {
    const { topic, partition } = job;
    const key = keyOf(job);
    const batch = batches.get(key);
    if (batch) batch.jobs.push(job);
    else batches.set(key, { topic, partition, jobs: [job] });
  }
  return [...batches.values()];
}

/** How many records it has. */
export function countOf({ jobs }: Batch): number {
  return jobs.reduce((sum, { records }) => sum + records.length, 0);
}

/** Sends batches of one epoch, and gives the answer to each. */
export async function produce(
  connection: Connection,
  batches: readonly Batch[],
  acks: Acks,
): Promise<Answer[]> {
  const records = batches.flatMap(({ topic, partition, jobs }) =>
    jobs.flatMap(({ records }) =>
      records.map((record): MessageRecord => ({
        topic,
        partition,
        headers: record.headers,
        // A null value removes what has the same key; the library's type does not know it.
        value: record.value as Buffer,
        ...(record.key ? { key: record.key } : {}),
        ...(record.timestamp === undefined ? {} : { timestamp: BigInt(record.timestamp) }),
      }))
    )
  );
  const answer = await answered(produceV11.api.async(
    connection,
    acks === "all" ? -1 : 1,
    confirmMs,
    records,
    stampOf(batches),
  ));
  if (typeof answer === "boolean") throw new BrokerUnavailableError("no answer");
  const answers = new Map<string, Answer>();
  for (const { name, partitionResponses } of answer.responses) {
    for (const { index, errorCode, baseOffset } of partitionResponses) {
      answers.set(`${index} ${name}`, { code: errorCode, offset: baseOffset });
    }
  }
  return batches.map((batch) => {
    const found = answers.get(keyOf(batch));
    if (!found) throw new BrokerUnavailableError(`${batch.topic}: no answer`);
    return found;
  });
}

/** In the library's form. */
function stampOf(batches: readonly Batch[]) {
  const stamp = batches[0]?.stamp;
  if (!stamp) return {};
  const { producerId, producerEpoch } = stamp;
  const sequences = new NumericMap();
  for (const { topic, partition, stamp } of batches) {
    sequences.set(`${topic}:${partition}`, stamp?.first ?? 0);
  }
  return { producerId, producerEpoch, sequences };
}

function keyOf({ topic, partition }: Pick<Job, "topic" | "partition">): string {
  return `${partition} ${topic}`;
}
