import { listOffsetsV9 } from "@platformatic/kafka";
import { pause } from "../../waiting.ts";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import { brokerError, codeOf, isMoved } from "./refusal.ts";
import { requestTimeoutMs } from "./servers.ts";

/** The time that stands for the end of a partition. */
export const atEnd = -1;
/** The time that stands for the start of a partition. */
export const atStart = -2;

/**
 * The offset of a partition at a time, epoch milliseconds, {@link atEnd} or {@link atStart};
 * undefined after its end.
 * @throws {BrokerError}
 */
export async function offsetAt(
  cluster: Cluster,
  topic: Topic,
  partition: number,
  time: number,
): Promise<bigint | undefined> {
  const [offset] = await offsetsAt(cluster, topic, [partition], time);
  return offset;
}

/** The same for several partitions. */
export async function offsetsAt(
  cluster: Cluster,
  topic: Topic,
  partitions: readonly number[],
  time: number,
): Promise<(bigint | undefined)[]> {
  const { metadata, closing } = cluster;
  const deadline = performance.now() + requestTimeoutMs;
  for (let known = topic;;) {
    try {
      return await list(cluster, known, partitions, time);
    } catch (error) {
      metadata.forget(topic.name);
      if (!isMoved(codeOf(error)) || performance.now() > deadline) {
        throw brokerError(error, topic.name);
      }
      await pause(50, closing);
      known = await metadata.topic(topic.name) ?? topic;
    }
  }
}

async function list(
  cluster: Cluster,
  topic: Topic,
  partitions: readonly number[],
  time: number,
): Promise<(bigint | undefined)[]> {
  const byLeader = Map.groupBy(partitions, (partition) => topic.leaders[partition] ?? -1);
  const found = new Map<number, bigint>();
  await Promise.all([...byLeader].map(async ([leader, some]) => {
    const connection = await cluster.connection(leader);
    const answer = await listOffsetsV9.api.async(connection, -1, 0, [{
      name: topic.name,
      partitions: some.map((partitionIndex) => ({
        partitionIndex,
        currentLeaderEpoch: -1,
        timestamp: BigInt(Math.trunc(time)),
      })),
    }]);
    for (const { partitionIndex, offset } of answer.topics[0]?.partitions ?? []) {
      found.set(partitionIndex, offset);
    }
  }));
  return partitions.map((partition) => {
    const offset = found.get(partition);
    return offset === undefined || offset < 0n ? undefined : offset;
  });
}
