import type { AckBatch } from "./share_apis.ts";

/** What is done with one record. */
export interface Ack {
  readonly partition: number;
  readonly offset: bigint;
  readonly type: number;
}

/**
 * Acknowledgements as the protocol wants them: for each partition its batches, in the order of the
 * offsets, neighbours of one kind together.
 */
export function batchAcks(acks: readonly Ack[]): Map<number, AckBatch[]> {
  const partitions = new Map<number, AckBatch[]>();
  const sorted = acks.toSorted((a, b) => a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0);
  for (const { partition, offset, type } of sorted) {
    const batches = partitions.get(partition) ?? [];
    partitions.set(partition, batches);
    const last = batches.at(-1);
    if (last && last.type === type && last.last + 1n === offset) {
      batches[batches.length - 1] = { ...last, last: offset };
    } else batches.push({ first: offset, last: offset, type });
  }
  return partitions;
}
