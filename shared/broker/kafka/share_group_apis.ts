/**
 * The requests that tell of share groups (KIP-932, with KIP-1226: Kafka 4.2), for who is in none.
 *
 * @module
 */
import { type API, createAPI, Writer as Writers } from "@platformatic/kafka";

/** A share group. */
export interface ShareGroup {
  readonly errorCode: number;
  readonly members: readonly string[];
}

/** Describes one share group. */
export const shareGroupDescribe: API<[group: string], ShareGroup> = createAPI(
  77,
  1,
  (group: string) =>
    Writers.create()
      .appendArray([group], (w, name) => w.appendString(name), true, false)
      .appendBoolean(false)
      .appendTaggedFields(),
  (_id, _key, _version, r) => {
    r.readInt32();
    const [group] = r.readArray((r) => {
      const errorCode = r.readInt16();
      r.readNullableString();
      r.readString();
      r.readString();
      r.readInt32();
      r.readInt32();
      r.readString();
      const members = r.readArray((r) => {
        const id = r.readString();
        r.readNullableString();
        r.readInt32();
        r.readString();
        r.readString();
        r.readArray((r) => r.readString(), true, false);
        r.readArray((r) => {
          r.readUUID();
          r.readString();
          r.readArray((r) => r.readInt32(), true, false);
        });
        r.readTaggedFields();
        return id;
      });
      r.readInt32();
      return { errorCode, members };
    });
    return group ?? { errorCode: 0, members: [] };
  },
);

/** How far a share group is in a partition. */
export interface ShareOffset {
  readonly partition: number;
  /** The first record that is not settled; -1 where nobody has consumed it. */
  readonly start: bigint;
  /** How many are not settled; -1 where that is not known. */
  readonly lag: bigint;
  readonly errorCode: number;
}

/** How far a share group is in the partitions of a topic. */
export const describeShareOffsets: API<
  [group: string, topic: string, partitions: readonly number[]],
  readonly ShareOffset[]
> = createAPI(
  90,
  1,
  (group: string, topic: string, partitions: number[]) =>
    Writers.create()
      .appendArray([group], (w) => {
        w.appendString(group).appendArray([topic], (w) => {
          w.appendString(topic).appendArray(
            partitions,
            (w, index) => w.appendInt32(index),
            true,
            false,
          );
        });
      })
      .appendTaggedFields(),
  (_id, _key, _version, r) => {
    r.readInt32();
    return r.readArray((r) => {
      r.readString();
      const topics = r.readArray((r) => {
        r.readString();
        r.readUUID();
        return r.readArray((r) => {
          const partition = r.readInt32();
          const start = r.readInt64();
          r.readInt32();
          const lag = r.readInt64();
          const errorCode = r.readInt16();
          r.readNullableString();
          return { partition, start, lag, errorCode };
        });
      }).flat();
      r.readInt16();
      r.readNullableString();
      return topics;
    }).flat();
  },
);
