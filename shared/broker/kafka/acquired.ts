import { Reader, readRecordsBatches } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { type ReadRecord, readRecords } from "./record.ts";
import type { ShareFetched } from "./share_apis.ts";

/** An offset that was acquired. */
export interface AcquiredRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** Nothing where there is no record of ours, but a mark of Kafka's own. */
  readonly record: ReadRecord | undefined;
  readonly deliveryCount: number;
}

/** What was acquired, one by one, in the order of the offsets. */
export function* readAcquired(fetched: readonly ShareFetched[]): Iterable<AcquiredRecord> {
  for (const { partition, records, acquired } of fetched) {
    if (acquired.length === 0) continue;
    const found = records ? byOffset(records) : new Map<bigint, ReadRecord>();
    for (const { first, last, deliveryCount } of acquired) {
      for (let offset = first; offset <= last; offset++) {
        yield { partition, offset, record: found.get(offset), deliveryCount };
      }
    }
  }
}

function byOffset({ buffer, byteOffset, byteLength }: Uint8Array): Map<bigint, ReadRecord> {
  const batches = readRecordsBatches(Reader.from(Buffer.from(buffer, byteOffset, byteLength)));
  return new Map([...readRecords(batches)].map((record) => [record.offset, record]));
}
