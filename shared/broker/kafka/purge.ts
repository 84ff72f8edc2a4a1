import { deleteRecordsV2 } from "@platformatic/kafka";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import { atStart, offsetsAt } from "./offsets.ts";
import { brokerError } from "./refusal.ts";
import { progressOf } from "./progress.ts";

const timeoutMs = 5_000;

/**
 * Deletes what is settled: a topic of Kafka keeps its records whatever its consumers do with them.
 * What was settled last stays until something else is: Kafka writes down with each acknowledgement
 * how far those before it went.
 * @throws {BrokerError}
 */
export async function purge(cluster: Cluster, topic: Topic): Promise<void> {
  const { starts } = await progressOf(cluster, topic);
  const partitions = [...topic.leaders.keys()];
  const firsts = await offsetsAt(cluster, topic, partitions, atStart);
  const behind = partitions.filter((one) => (starts[one] ?? 0n) > (firsts[one] ?? 0n));
  const byLeader = Map.groupBy(behind, (partition) => topic.leaders[partition] ?? -1);
  await Promise.all([...byLeader].map(async ([leader, some]) => {
    const connection = await cluster.connection(leader);
    try {
      await deleteRecordsV2.api.async(connection, [{
        name: topic.name,
        partitions: some.map((partitionIndex) => ({
          partitionIndex,
          offset: starts[partitionIndex] ?? 0n,
        })),
      }], timeoutMs);
    } catch (error) {
      throw brokerError(error, topic.name);
    }
  }));
}
