import assert from "node:assert/strict";
import { open } from "../../shared/broker/rabbitmq/driver.ts";
import { eventually, uniqueName } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { rabbitmqTest, serverUrl } from "./server.ts";

const message = { body: new Uint8Array(1), headers: {} };

function proxied(): Promise<TcpProxy> {
  const { hostname, port } = new URL(serverUrl);
  return startTcpProxy(hostname, Number(port) || 5672);
}

/** The server under test, reached by these ports of this machine. */
function urlOf(ports: readonly number[]): string {
  const { username, password, pathname } = new URL(serverUrl);
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(",");
  return `amqp://${username}:${password}@${hosts}${pathname}`;
}

rabbitmqTest(
  "of two hosts one is cut, and it goes on through the other within a second",
  async (t) => {
    await using one = await proxied();
    await using two = await proxied();
    await using broker = await open(urlOf([one.port, two.port]), { name: "proxymq-test" });
    const queue = t.workQueue();
    const reply = t.replyQueue();
    await broker.declare(queue);
    await broker.declare(reply);
    await using work = new Collector(broker, queue.name, { settle: ack });
    await using replies = new Collector(broker, reply.name);
    let count = 0;
    const works = async () => {
      await broker.publish({ queue: queue.name }, [message]);
      await broker.publish({ queue: reply.name }, [message], { confirm: false });
      count++;
      return true;
    };
    await works();
    for (const [cut, other] of [[one, two], [two, one]] as const) {
      cut.refuse(true);
      const since = performance.now();
      cut.reset();
      await eventually(async () => {
        assert.equal(other.connections, 2);
        assert.ok(broker.status.connected);
        return await works();
      });
      const took = performance.now() - since;
      assert.ok(took < 1000, `${took} ms`);
      assert.match(
        broker.status.detail,
        new RegExp(`^connected to \\S+ \\S+ at 127.0.0.1:${other.port}(;|$)`),
      );
      assert.equal(cut.connections, 0);
      cut.refuse(false);
    }
    await work.waitFor(count);
    await replies.waitFor(1);
  },
);

rabbitmqTest("the first host is picked at random, by each connection for itself", async () => {
  await using one = await proxied();
  await using two = await proxied();
  const seen = new Set<string>();
  for (let tries = 0; tries < 40 && seen.size < 4; tries++) {
    await using broker = await open(urlOf([one.port, two.port]), { name: "proxymq-test" });
    await eventually(() => broker.status.connected);
    seen.add(broker.status.detail.replace(/^.*? at /, "").replace(/;.*/, ""));
  }
  const [a, b] = [one, two].map(({ port }) => `127.0.0.1:${port}`);
  const both = [`${a} to publish and at ${b} to consume`, `${b} to publish and at ${a} to consume`];
  assert.deepEqual([...seen].sort(), [`${a}`, `${b}`, ...both].sort());
});

rabbitmqTest("a host where nothing listens delays no start", async () => {
  await using there = await proxied();
  for (let tries = 0; tries < 5; tries++) {
    await using broker = await open(urlOf([1, there.port, 2]), { name: "proxymq-test" });
    const missing = broker.publish({ queue: uniqueName("missing") }, [message]);
    await assert.rejects(missing, /there is no queue/);
  }
});

Deno.test("rabbitmq: where none of the hosts is there, each is named with its trouble, and no secret", async () => {
  const url = "amqp://me:s3cret@127.0.0.1:1,127.0.0.1:2/";
  await using broker = await open(url, { name: "proxymq-test" });
  await assert.rejects(broker.publish({ queue: "any" }, [message]), (error: unknown) => {
    assert.ok(!Deno.inspect(error, { depth: 10 }).includes("s3cret"));
    return true;
  });
  const { connected, detail } = broker.status;
  assert.equal(connected, false);
  assert.match(detail, /^not connected to RabbitMQ at 127.0.0.1:1, 127.0.0.1:2: /);
  for (const port of [1, 2]) assert.match(detail, new RegExp(`127.0.0.1:${port}: .*refused`, "i"));
  assert.ok(!detail.includes("s3cret"));
});
