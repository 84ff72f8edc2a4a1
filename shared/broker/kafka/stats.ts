import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import type { Cluster, Topic } from "./cluster.ts";
import { fetchPartition } from "./partition_reader.ts";
import { brokerError, codes, isUncoordinated } from "./refusal.ts";
import { describeShareOffsets, shareGroupDescribe } from "./share_apis.ts";

/** How far the consumers of a topic are. */
export interface Progress {
  /** How many records are not settled. */
  readonly unsettled: number;
  /** The first of each partition that is not. */
  readonly starts: readonly bigint[];
}

/** @throws {BrokerError} */
export async function progressOf(cluster: Cluster, topic: Topic): Promise<Progress> {
  const { name } = topic;
  const partitions = [...topic.leaders.keys()];
  const [described, ends, firsts] = await Promise.all([
    cluster.coordinated(
      name,
      (connection) => describeShareOffsets.async(connection, name, name, partitions),
      (offsets) => offsets.some(({ errorCode }) => isUncoordinated(errorCode)),
    ),
    cluster.offsets(topic, partitions, -1),
    cluster.offsets(topic, partitions, -2),
  ]);
  let unsettled = 0;
  const starts: bigint[] = [];
  for (const partition of partitions) {
    const found = described.find((one) => one.partition === partition && one.errorCode === 0);
    const end = ends[partition] ?? 0n;
    const first = firsts[partition] ?? 0n;
    const start = found && found.start > first ? found.start : first;
    starts.push(start);
    const lag = found && found.start >= 0n && found.lag >= 0n ? found.lag : end - start;
    unsettled += Number(lag > 0n ? lag : 0n);
  }
  return { unsettled, starts };
}

/** The members of the group of a topic. @throws {BrokerError} */
export async function membersOf(cluster: Cluster, group: string): Promise<readonly string[]> {
  const { errorCode, members } = await cluster.coordinated(
    group,
    (connection) => shareGroupDescribe.async(connection, group),
    ({ errorCode }) => isUncoordinated(errorCode),
  );
  if (errorCode === codes.groupNotFound) return [];
  if (errorCode !== 0) throw new BrokerUnavailableError(`the group ${group} cannot be described`);
  return members;
}

/** How old the first record is that is not settled, milliseconds. @throws {BrokerError} */
export async function oldestAge(
  cluster: Cluster,
  topic: Topic,
  { starts }: Progress,
): Promise<number | undefined> {
  const ages = await Promise.all(starts.map(async (start, partition) => {
    const connection = await cluster.connection(topic.leaders[partition] ?? -1);
    try {
      const { records } = await fetchPartition(connection, topic.id, partition, start, {
        maxWaitMs: 0,
        maxBytes: 1,
      });
      const first = records.find(({ offset }) => offset >= start);
      return first && Math.max(0, Date.now() - first.timestamp);
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      throw brokerError(error, topic.name);
    }
  }));
  const known = ages.filter((age) => age !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
