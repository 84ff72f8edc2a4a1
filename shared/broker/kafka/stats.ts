import type { QueueStats } from "../broker.ts";
import type { Cluster } from "./cluster.ts";
import type { Directory } from "./directory.ts";
import { QueueNotFoundError } from "../errors.ts";
import type { Topic } from "./metadata.ts";
import { firstRecords, membersOf, type Progress, progressOf } from "./progress.ts";

/** Where stats are looked for. */
export interface StatsSources {
  readonly cluster: Cluster;
  readonly directory: Directory;
  readonly deadLetterQueue: (queue: string) => string;
  /** How many deliveries of a queue this handle's own consumers hold. */
  readonly held: (queue: string) => number;
}

/**
 * The stats of a work queue.
 * @throws {QueueNotFoundError} @throws {BrokerError}
 */
export async function statsOf(queue: string, sources: StatsSources): Promise<QueueStats> {
  const { cluster, directory } = sources;
  const deadLetterQueue = sources.deadLetterQueue(queue);
  const names = [...new Set([queue, deadLetterQueue])];
  const [topics] = await Promise.all([cluster.metadata.topics(names), directory.sync()]);
  const topic = topics.get(queue);
  if (!topic) throw new QueueNotFoundError(queue);
  const letters = deadLetterQueue === queue ? undefined : topics.get(deadLetterQueue);
  const [work, dead, members] = await Promise.all([
    progressOf(cluster, topic),
    letters && progressOf(cluster, letters),
    membersOf(cluster, queue),
  ]);
  // The server keeps one that was killed for a while.
  const consumers = members.filter((member) => {
    const [handle, own] = member.split("/");
    return own === undefined || directory.isAlive(handle);
  }).length;
  const held = sources.held(queue) + directory.heldByOthers(queue);
  const inFlight = Math.min(held, work.unsettled);
  const ready = work.unsettled - inFlight;
  const oldestAgeMs = ready > 0 ? await oldestAge(cluster, topic, work) : undefined;
  return {
    ready,
    dead: dead?.unsettled ?? 0,
    consumers,
    inFlight,
    ...(oldestAgeMs === undefined ? {} : { oldestAgeMs }),
  };
}

/** How old the first message is that is not settled, milliseconds. */
async function oldestAge(
  cluster: Cluster,
  topic: Topic,
  progress: Progress,
): Promise<number | undefined> {
  const firsts = (await firstRecords(cluster, topic, progress)).filter((first) =>
    first !== undefined
  );
  if (firsts.length === 0) return undefined;
  return Math.max(0, Date.now() - Math.min(...firsts.map(({ timestamp }) => timestamp)));
}
