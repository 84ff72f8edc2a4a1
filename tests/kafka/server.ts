/** The Kafka server that the tests here run against. */

import { Cluster } from "../../shared/broker/kafka/cluster.ts";
import { fetchPartition } from "../../shared/broker/kafka/partition_reader.ts";
import type { ReadRecord } from "../../shared/broker/kafka/record.ts";
import { parseUrl } from "../../shared/broker/kafka/url.ts";
import { brokersUnderTest, type TestBroker, within } from "../brokers.ts";

/**
 * A test against the server, ignored with the reason where there is none.
 * @param lacking what else it needs and is not there.
 */
export function kafkaTest(
  name: string,
  test: (t: TestBroker, cluster: Cluster) => Promise<void>,
  lacking?: string,
): void {
  const broker = brokersUnderTest.find(({ system }) => system === "kafka");
  const missing = broker?.missing ?? lacking;
  Deno.test({
    name: `kafka: ${name}${missing ? ` [${missing}]` : ""}`,
    ignore: !broker || missing !== undefined,
    async fn() {
      if (!broker) return;
      await using t = await broker.setUp();
      const cluster = new Cluster({
        target: parseUrl(t.url),
        name: "proxymq-tests",
        setUp: () => Promise.resolve(),
        onChange: () => {},
      });
      try {
        await within(cluster.ready(), "a connection");
        await test(t, cluster);
      } finally {
        await cluster.close();
      }
    },
  });
}

/** The first records of a partition from an offset on. */
export async function recordsOf(
  cluster: Cluster,
  name: string,
  offset: bigint,
  partition = 0,
): Promise<readonly ReadRecord[]> {
  const topic = await cluster.metadata.topic(name);
  if (!topic) return [];
  const connection = await cluster.connection(topic.leaders[partition] ?? -1);
  const limits = { maxWaitMs: 100, maxBytes: 2 ** 20 };
  const { records } = await fetchPartition(connection, topic.id, partition, offset, limits);
  return records.filter((record) => record.offset >= offset);
}
