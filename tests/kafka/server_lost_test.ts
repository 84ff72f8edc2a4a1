import assert from "node:assert/strict";
import { dirname } from "node:path";
import { readState } from "../../scripts/services/state.ts";
import { Cluster } from "../../shared/broker/kafka/cluster.ts";
import type { Directory } from "../../shared/broker/kafka/directory.ts";
import { Producer } from "../../shared/broker/kafka/producer.ts";
import { Router } from "../../shared/broker/kafka/router.ts";
import { parseUrl } from "../../shared/broker/kafka/url.ts";
import { within } from "../brokers.ts";
import { text } from "../conformance/messages.ts";
import { networkTo } from "../support/network.ts";
import { kafkaTest, recordsOf } from "./server.ts";

const state = Deno.env.get("PROXYMQ_TEST_SERVICES");
const proxied = state ? (await readState(dirname(state))).kafka?.proxied : undefined;

kafkaTest(
  "who leads and who coordinates is asked anew when a server cannot be reached",
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const { url, proxy } = await networkTo(stack, t.url, proxied);
    const cluster = new Cluster({
      target: parseUrl(url),
      name: "proxymq-tests",
      setUp: () => Promise.resolve(),
      onChange: () => {},
    });
    stack.defer(() => cluster.close());
    const { name } = await declared(t);
    await within(cluster.ready(), "a connection");
    const topic = await cluster.metadata.topic(name) ?? assert.fail("no topic");
    const coordinated = () =>
      cluster.coordinators.ask(name, () => Promise.resolve(true), () => false);
    // A server that has never had a group is asked more than once.
    await coordinated();
    let asked = 0;
    const ask = cluster.ask.bind(cluster);
    cluster.ask = (act) => {
      asked++;
      return ask(act);
    };
    await coordinated();
    await cluster.metadata.topic(name);
    assert.equal(asked, 0);

    // The server is gone for all but who asks.
    proxy.refuse(true);
    await assert.rejects(cluster.dedicated(topic.leaders[0] ?? -1));
    assert.equal(cluster.metadata.known(name), undefined);
    await cluster.metadata.topic(name);
    assert.equal(asked, 1);
    await coordinated();
    assert.equal(asked, 2);
  },
  proxied ? undefined : "needs deno task services",
);

kafkaTest(
  "a queue is there, though its leader is lost while it is looked for",
  async (t, cluster) => {
    const { name } = await declared(t);
    const { metadata } = cluster;
    const topic = metadata.topic.bind(metadata);
    metadata.topic = async (...asked) => {
      const found = await topic(...asked);
      metadata.forget(name);
      return found;
    };
    const directory = { sync: () => Promise.resolve(), reply: () => undefined };
    const router = new Router(
      cluster,
      parseUrl(t.url),
      directory as unknown as Directory,
      new Producer(cluster),
      { delayed() {}, expires() {} },
    );
    await router.toQueue(name, [text("here")]);
    assert.equal((await recordsOf(cluster, name, 0n)).length, 1);
  },
);

async function declared(t: Parameters<Parameters<typeof kafkaTest>[1]>[0]) {
  const work = t.workQueue();
  await (await t.open()).declare(work);
  return work;
}
