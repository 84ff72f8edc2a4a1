import assert from "node:assert/strict";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { readState } from "../../scripts/services/state.ts";
import type { Cluster } from "../../shared/broker/kafka/cluster.ts";
import { open } from "../../shared/broker/kafka/driver.ts";
import { atEnd, offsetAt } from "../../shared/broker/kafka/offsets.ts";
import { Producer } from "../../shared/broker/kafka/producer.ts";
import { encodeRecord } from "../../shared/broker/kafka/record.ts";
import { ensureTopics } from "../../shared/broker/kafka/topics.ts";
import { parseUrl } from "../../shared/broker/kafka/url.ts";
import { eventually, within } from "../brokers.ts";
import { text } from "../conformance/messages.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { kafkaTest, recordsOf } from "./server.ts";

const state = Deno.env.get("PROXYMQ_TEST_SERVICES");
const proxied = state ? (await readState(dirname(state))).kafka?.proxied : undefined;
/** More than are in flight at once. */
const letters = [..."abcdef"];
const inFlight = 4;

for (
  const [name, reached] of [
    ["what was appended, but not confirmed, before a connection was lost", inFlight],
    ["what did not come to the server before a connection was lost", 0],
  ] as const
) {
  kafkaTest(
    `${name} is there once, in its order, and is confirmed`,
    async (t, cluster) => {
      await using proxy = await startTcpProxy("127.0.0.1", proxied?.port ?? 0, proxied?.proxyPort);
      await using broker = await open(`kafka://127.0.0.1:${proxy.port}`, { name: "tests" });
      const work = t.workQueue();
      await broker.declare(work);
      const publish = (body: string) => broker.publish({ queue: work.name }, [text(body)]);
      await publish("<");

      proxy.delay(300);
      const published: Promise<void>[] = [];
      for (const letter of letters) {
        published.push(publish(letter));
        await turn();
      }
      const all = Promise.all(published);
      all.catch(() => {});
      await eventually(async () => await endOf(cluster, work.name) >= 1 + reached);
      proxy.reset();
      proxy.delay(0);
      await within(all, "the confirmations");
      await publish(">");

      assert.equal(await textsOf(cluster, work.name), `<${letters.join("")}>`);
    },
    proxied ? undefined : "needs deno task services",
  );
}

kafkaTest("what is refused holds up nothing that was sent after it", async (t, cluster) => {
  const { name } = t.workQueue();
  const settings = { "max.message.bytes": "1000" };
  await ensureTopics(cluster, parseUrl(t.url), [{ name, partitions: 1, settings }]);
  const producer = new Producer(cluster);
  const send = (body: string) => producer.send(name, 0, [encodeRecord(text(body))], "all");
  await send("<");
  const sent: Promise<boolean>[] = [];
  for (const letter of letters) {
    const body = letter === "b" ? letter.repeat(2_000) : letter;
    sent.push(send(body).then(() => true, () => false));
    await turn();
  }
  const taken = await Promise.all(sent);
  assert.deepEqual(letters.filter((_, n) => !taken[n]), ["b"]);
  assert.equal(await textsOf(cluster, name), "<acdef");
});

async function textsOf(cluster: Cluster, name: string): Promise<string> {
  const records = await recordsOf(cluster, name, 0n);
  return records.map(({ value }) => new TextDecoder().decode(value)).join("");
}

async function endOf(cluster: Cluster, name: string): Promise<number> {
  const topic = await cluster.metadata.topic(name);
  return topic ? Number(await offsetAt(cluster, topic, 0, atEnd)) : 0;
}
