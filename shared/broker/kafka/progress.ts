import { BrokerUnavailableError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import { atEnd, atStart, offsetsAt } from "./offsets.ts";
import { fetchPartition } from "./partition_reader.ts";
import type { ReadRecord } from "./record.ts";
import { brokerError, codes, isUncoordinated } from "./refusal.ts";
import { describeShareOffsets, shareGroupDescribe } from "./share_group_apis.ts";

/** How far the consumers of a topic are. */
export interface Progress {
  /** How many records are not settled. */
  readonly unsettled: number;
  /** The first of each partition that is not. */
  readonly starts: readonly bigint[];
}

/** How far the share group of a topic is. @throws {BrokerError} */
export async function progressOf(cluster: Cluster, topic: Topic): Promise<Progress> {
  const { name } = topic;
  const partitions = [...topic.leaders.keys()];
  const [described, ends, firsts] = await Promise.all([
    cluster.coordinators.ask(
      name,
      (connection) => describeShareOffsets.async(connection, name, name, partitions),
      (offsets) => offsets.some(({ errorCode }) => isUncoordinated(errorCode)),
    ),
    offsetsAt(cluster, topic, partitions, atEnd),
    offsetsAt(cluster, topic, partitions, atStart),
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
  const { errorCode, members } = await cluster.coordinators.ask(
    group,
    (connection) => shareGroupDescribe.async(connection, group),
    ({ errorCode }) => isUncoordinated(errorCode),
  );
  if (errorCode === codes.groupNotFound) return [];
  if (errorCode !== 0) throw new BrokerUnavailableError(`the group ${group} cannot be described`);
  return members;
}

/**
 * The first record of each partition that is not settled; undefined where there is none.
 * @throws {BrokerError}
 */
export async function firstRecords(
  cluster: Cluster,
  topic: Topic,
  { starts }: Progress,
): Promise<(ReadRecord | undefined)[]> {
  return await Promise.all(starts.map(async (start, partition) => {
    const connection = await cluster.connection(topic.leaders[partition] ?? -1);
    try {
      const limits = { maxWaitMs: 0, maxBytes: 1 };
      const { records } = await fetchPartition(connection, topic.id, partition, start, limits);
      return records.find(({ offset }) => offset >= start);
    } catch (error) {
      throw brokerError(error, topic.name);
    }
  }));
}
