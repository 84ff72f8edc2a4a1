import {
  ConfigResourceTypes,
  createTopicsV7,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from "@platformatic/kafka";
import { maxPieceBytes } from "../../spool/spool_store.ts";
import { pause } from "../../waiting.ts";
import { BrokerError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import { answered, codes, refused, textOf } from "./refusal.ts";
import type { Target } from "./url.ts";

/** The largest body, bytes. */
export const maxMessageBytes = 16 * 2 ** 20;
/** The most that properties and headers may take together, bytes. */
export const maxHeaderBytes = 64 * 2 ** 10;

const timeoutMs = 7_000;
/** A batch of one record with all that is around it. */
const maxBatchBytes = maxMessageBytes + 2 * maxHeaderBytes;
/** What is settled or too old leaves the disk a segment at a time. */
const segmentBytes = 64 * 2 ** 20;

/** How long a consumer that has gone silent keeps what it holds, milliseconds: Kafka's least. */
const lockMs = 15_000;
/**
 * How often Kafka hands a record out before it drops it: the most that it allows by default. Where
 * the limit of a group cannot be set, it is the server's.
 */
const mostDeliveries = 10;
const defaultDeliveries = 5;

type Settings = Readonly<Record<string, string>>;

/** The settings of topics, by what they are for. */
export const topicSettings = {
  /** Kept until it is settled: its consumers delete what is. */
  queue: { "retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": `${maxBatchBytes}` },
  /** For operators to look at, for a week. */
  undeliverable: {
    "retention.ms": `${7 * 86_400_000}`,
    "retention.bytes": "-1",
    "max.message.bytes": `${maxBatchBytes}`,
  },
  /** The newest of each key. */
  directory: {
    "cleanup.policy": "compact",
    "message.timestamp.type": "LogAppendTime",
    "segment.bytes": `${2 ** 20}`,
    "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.3",
    "delete.retention.ms": "600000",
  },
  /** Deleted as a whole; should nobody do that, it goes by age after 400 days. */
  spool: {
    "retention.ms": `${400 * 86_400_000}`,
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": `${16 * maxPieceBytes}`,
  },
  /** Only for who is there. */
  replies: {
    "retention.ms": "300000",
    "segment.ms": "60000",
    "max.message.bytes": `${maxBatchBytes}`,
  },
} as const satisfies Record<string, Settings>;

/** A topic that is to be there. */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  readonly settings: Settings;
}

/**
 * Makes the topics that are not there, and waits until they have leaders.
 * @throws {BrokerError} a server refuses.
 */
export async function ensureTopics(
  cluster: Cluster,
  { replication }: Pick<Target, "replication">,
  wanted: readonly WantedTopic[],
): Promise<ReadonlyMap<string, Topic>> {
  const names = wanted.map(({ name }) => name);
  const found = await cluster.metadata.topics(names);
  const missing = wanted.filter(({ name }) => !found.has(name));
  if (missing.length === 0) return found;
  const answer = await cluster.ask((control) =>
    answered(createTopicsV7.api.async(
      control,
      missing.map(({ name, partitions, settings }) => ({
        name,
        numPartitions: partitions,
        replicationFactor: replication,
        assignments: [],
        configs: Object.entries({ "segment.bytes": `${segmentBytes}`, ...settings })
          .map(([name, value]) => ({ name, value })),
      })),
      timeoutMs,
      false,
    ))
  );
  for (const { name, errorCode, errorMessage } of answer.topics) {
    if (errorCode === 0 || errorCode === codes.topicExists) continue;
    throw new BrokerError(
      `the topic "${name}" cannot be made: ${errorMessage ?? textOf(errorCode)}`,
    );
  }
  for (let tries = 0;; tries++) {
    const now = await cluster.metadata.topics(names);
    if (now.size === new Set(names).size) return now;
    if (tries > 60) throw refused(codes.leaderNotAvailable, names.join(", "));
    await pause(20 + 10 * tries, cluster.closing);
  }
}

/** The settings of share groups, set once for each by each handle. */
export class GroupSettings {
  readonly #cluster: Cluster;
  readonly #done = new Set<string>();
  #limit = mostDeliveries;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Whether a record is to be written anew: the next time but one that it comes back, it is dropped. */
  isWorn({ deliveryCount }: { readonly deliveryCount: number }): boolean {
    return deliveryCount >= this.#limit - 1;
  }

  /**
   * Sees to it that groups start with what was there before them.
   * @throws {BrokerError} a server refuses.
   */
  async ensure(groups: readonly string[]): Promise<void> {
    const missing = groups.filter((group) => !this.#done.has(group));
    if (missing.length === 0) return;
    const settings: Record<string, string> = {
      "share.auto.offset.reset": "earliest",
      "share.record.lock.duration.ms": `${lockMs}`,
    };
    const limited = { ...settings, "share.delivery.count.limit": `${mostDeliveries}` };
    if (this.#limit === mostDeliveries) {
      if (await this.#set(missing, limited) === undefined) return this.#note(missing);
      this.#limit = defaultDeliveries;
    }
    const refusal = await this.#set(missing, settings);
    if (refusal !== undefined) {
      throw new BrokerError(`the settings of the group ${missing[0]} are refused: ${refusal}`);
    }
    this.#note(missing);
  }

  #note(groups: readonly string[]): void {
    for (const group of groups) this.#done.add(group);
  }

  async #set(groups: readonly string[], settings: Settings): Promise<string | undefined> {
    const answer = await this.#cluster.ask((control) =>
      answered(incrementalAlterConfigsV1.api.async(
        control,
        groups.map((resourceName) => ({
          resourceType: ConfigResourceTypes.GROUP,
          resourceName,
          configs: Object.entries(settings).map(([name, value]) => ({
            name,
            value,
            configOperation: IncrementalAlterConfigOperationTypes.SET,
          })),
        })),
        false,
      ))
    );
    const refused = answer.responses.find(({ errorCode }) => errorCode !== 0);
    return refused && (refused.errorMessage ?? textOf(refused.errorCode));
  }
}
