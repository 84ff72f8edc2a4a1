/**
 * The requests of a member of a share group (KIP-932, with KIP-1206 and KIP-1222: Kafka 4.2), which the
 * client library does not have, written with its own means.
 *
 * @module
 */
import {
  type API,
  createAPI,
  type Reader,
  type Writer,
  Writer as Writers,
} from "@platformatic/kafka";

/** What is done with a record that is held. */
export const acknowledgements = { accept: 1, release: 2, renew: 4 } as const;

/** Records of one partition and what is done with each, from `first` to `last`. */
export interface AckBatch {
  readonly first: bigint;
  readonly last: bigint;
  /** One for all. */
  readonly type: number;
}

/** A partition in a request. */
export interface SharePartition {
  readonly topicId: string;
  readonly partition: number;
  readonly acks?: readonly AckBatch[];
}

/** Records that were acquired. */
export interface Acquired {
  readonly first: bigint;
  readonly last: bigint;
  readonly deliveryCount: number;
}

/** A partition in an answer to a fetch. */
export interface ShareFetched {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly ackErrorCode: number;
  /** The bytes of record batches. */
  readonly records: Uint8Array | undefined;
  readonly acquired: readonly Acquired[];
}

/** The answer to a fetch. */
export interface ShareFetchAnswer {
  readonly errorCode: number;
  readonly lockMs: number;
  readonly partitions: readonly ShareFetched[];
}

/** The answer to acknowledgements. */
export interface ShareAckAnswer {
  readonly errorCode: number;
  readonly partitions: readonly {
    readonly topicId: string;
    readonly partition: number;
    readonly errorCode: number;
  }[];
}

/** The answer to a heartbeat. */
export interface ShareHeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberEpoch: number;
  readonly heartbeatMs: number;
}

/** Joins a share group, stays in it, or leaves it with the epoch -1. */
export const shareHeartbeat: API<
  [group: string, member: string, epoch: number, topics: readonly string[] | null],
  ShareHeartbeatAnswer
> = createAPI(
  76,
  1,
  (group: string, member: string, epoch: number, topics: string[] | null) =>
    Writers.create()
      .appendString(group)
      .appendString(member)
      .appendInt32(epoch)
      .appendString(null)
      .appendArray(topics, (w, name) => w.appendString(name), true, false)
      .appendTaggedFields(),
  (_id, _key, _version, r) => {
    r.readInt32();
    const errorCode = r.readInt16();
    const errorMessage = r.readNullableString();
    r.readNullableString();
    return { errorCode, errorMessage, memberEpoch: r.readInt32(), heartbeatMs: r.readInt32() };
  },
);

/** How a fetch fetches. */
export interface ShareFetchOptions {
  readonly group: string;
  readonly member: string;
  readonly epoch: number;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly partitions: readonly SharePartition[];
  readonly forgotten: readonly SharePartition[];
}

const recordLimit = 1;

/** Acquires records of the partitions of a session. */
export const shareFetch: API<[ShareFetchOptions], ShareFetchAnswer> = createAPI(
  78,
  2,
  (o: ShareFetchOptions) => {
    const writer = Writers.create()
      .appendString(o.group)
      .appendString(o.member)
      .appendInt32(o.epoch)
      .appendInt32(o.maxWaitMs)
      .appendInt32(1)
      .appendInt32(o.maxBytes)
      .appendInt32(o.maxRecords)
      .appendInt32(o.maxRecords)
      .appendInt8(recordLimit)
      .appendBoolean(false);
    appendPartitions(writer, o.partitions);
    writer.appendArray(byTopic(o.forgotten), (w, [topicId, partitions]) => {
      w.appendUUID(topicId).appendArray(
        partitions,
        (w, { partition }) => w.appendInt32(partition),
        true,
        false,
      );
    });
    return writer.appendTaggedFields();
  },
  (_id, _key, _version, r) => {
    r.readInt32();
    const errorCode = r.readInt16();
    r.readNullableString();
    const lockMs = r.readInt32();
    const partitions = r.readArray((r) => {
      const topicId = r.readUUID();
      return r.readArray((r) => {
        const partition = r.readInt32();
        const errorCode = r.readInt16();
        r.readNullableString();
        const ackErrorCode = r.readInt16();
        r.readNullableString();
        skipLeader(r);
        const records = r.readNullableBytes() ?? undefined;
        const acquired = r.readArray((r) => ({
          first: r.readInt64(),
          last: r.readInt64(),
          deliveryCount: r.readInt16(),
        }));
        return { topicId, partition, errorCode, ackErrorCode, records, acquired };
      });
    }).flat();
    return { errorCode, lockMs, partitions };
  },
);

/** How acknowledgements are sent. */
export interface ShareAckOptions {
  readonly group: string;
  readonly member: string;
  readonly epoch: number;
  readonly renews: boolean;
  readonly partitions: readonly SharePartition[];
}

/** Settles records, or renews the time for which they are held. */
export const shareAcknowledge: API<[ShareAckOptions], ShareAckAnswer> = createAPI(
  79,
  2,
  (o: ShareAckOptions) => {
    const writer = Writers.create()
      .appendString(o.group)
      .appendString(o.member)
      .appendInt32(o.epoch)
      .appendBoolean(o.renews);
    appendPartitions(writer, o.partitions);
    return writer.appendTaggedFields();
  },
  (_id, _key, _version, r) => {
    r.readInt32();
    const errorCode = r.readInt16();
    r.readNullableString();
    r.readInt32();
    const partitions = r.readArray((r) => {
      const topicId = r.readUUID();
      return r.readArray((r) => {
        const partition = r.readInt32();
        const errorCode = r.readInt16();
        r.readNullableString();
        skipLeader(r);
        return { topicId, partition, errorCode };
      });
    }).flat();
    return { errorCode, partitions };
  },
);

function appendPartitions(writer: Writer, partitions: readonly SharePartition[]): void {
  writer.appendArray(byTopic(partitions), (w, [topicId, some]) => {
    w.appendUUID(topicId).appendArray(some, (w, { partition, acks = [] }) => {
      w.appendInt32(partition).appendArray([...acks], (w, { first, last, type }) => {
        w.appendInt64(first).appendInt64(last)
          .appendArray([type], (w, each) => w.appendInt8(each), true, false);
      });
    });
  });
}

function byTopic(partitions: readonly SharePartition[]): [string, SharePartition[]][] {
  const topics = new Map<string, SharePartition[]>();
  for (const partition of partitions) {
    const some = topics.get(partition.topicId);
    if (some) some.push(partition);
    else topics.set(partition.topicId, [partition]);
  }
  return [...topics];
}

function skipLeader(r: Reader): void {
  r.readInt32();
  r.readInt32();
  r.readTaggedFields();
}
