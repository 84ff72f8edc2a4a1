import assert from "node:assert/strict";
import { take } from "../brokers.ts";
import { ack, Collector, textOf } from "../support/collector.ts";
import { text } from "../conformance/messages.ts";
import { withRedis } from "../support/redis_faults.ts";
import { redisTest, serverUrl } from "./server.ts";

redisTest(
  "another client publishes by plain commands, and its message comes at once",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name, { settle: ack });
    await broker.publish({ queue: queue.name }, [text("own")]);
    await collector.waitFor(1);
    const key = (part: string) => `proxymq:{${queue.name}}:${part}`;
    await withRedis(serverUrl, async (send) => {
      await send("XGROUP", "CREATE", key("ready:9"), "proxymq", "0", "MKSTREAM");
      const fields = ["correlation_id", "c", "priority", "9", "headers", '{"method":"GET"}'];
      await send("XADD", key("ready:9"), "*", ...fields, "body", "foreign");
      await send("RPUSH", key("bell"), "1");
    });
    const [, delivery] = await collector.waitFor(2, { timeoutMs: 3_000 });
    assert.equal(delivery && textOf(delivery), "foreign");
    const { correlationId, priority, headers } = delivery?.message ?? {};
    assert.deepEqual({ correlationId, priority, headers }, {
      correlationId: "c",
      priority: 9,
      headers: { method: "GET" },
    });
  },
);

redisTest("another client consumes by plain commands", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  const message = text("body", { messageId: "m", headers: { path: "/x" }, durable: false });
  await broker.publish({ queue: queue.name }, [message]);
  const stream = `proxymq:{${queue.name}}:ready:0`;
  await withRedis(serverUrl, async (send) => {
    const command = ["XREADGROUP", "GROUP", "proxymq", "foreign", "COUNT", "1", "STREAMS"];
    const read: unknown = await send(...command, stream, ">");
    const [id, fields] = Object.values(read as Record<string, [string, string[]][]>)[0]?.[0] ?? [];
    const expected = ["message_id", "m", "delivery_mode", "1", "headers", '{"path":"/x"}'];
    assert.deepEqual(fields, [...expected, "body", "body"]);
    assert.equal((await broker.stats(queue.name)).inFlight, 1);
    await send("XACK", stream, "proxymq", id ?? "");
    await send("XDEL", stream, id ?? "");
  });
  const { ready, inFlight } = await broker.stats(queue.name);
  assert.deepEqual({ ready, inFlight }, { ready: 0, inFlight: 0 });
});

redisTest("a server that has forgotten the scripts is sent them again", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  await withRedis(serverUrl, (send) => send("SCRIPT", "FLUSH"));
  await broker.publish({ queue: queue.name }, [text("after")]);
  const { signal } = new AbortController();
  const [delivery] = await take(broker.consume(queue.name, { prefetch: 1, signal }), 1);
  assert.ok(delivery);
  await broker.settle([ack(delivery)]);
});
