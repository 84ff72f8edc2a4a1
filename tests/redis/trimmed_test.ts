import assert from "node:assert/strict";
import { text } from "../conformance/messages.ts";
import { ack, Collector, textOf } from "../support/collector.ts";
import { withRedis } from "../support/redis_faults.ts";
import { eventually } from "../support/waiting.ts";
import { redisTest, serverUrl } from "./server.ts";

redisTest("nothing stays of what is settled, was delayed, or has expired", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  const to = { queue: queue.name };
  const urgent = text("urgent", { priority: 9 });
  await broker.publish(to, [text("expired", { expiration: 1 }), text("dead"), urgent]);
  await broker.publish(to, [text("retried")], { delayMs: 50 });
  await eventually(async () => ((await broker.stats(queue.name)).oldestAgeMs ?? 0) > 1);
  await using collector = new Collector(broker, queue.name, {
    settle(delivery) {
      const kind = textOf(delivery);
      if (kind === "dead") return { kind: "dead", delivery, reason: "for the test" };
      if (kind === "retried" && delivery.attempt === 1) {
        return { kind: "retry", delivery, delayMs: 20 };
      }
      return ack(delivery);
    },
  });
  await collector.waitFor(4);
  await eventually(async () => (await broker.stats(queue.name)).dead === 2);
  await collector.stop();
  await withRedis(serverUrl, async (send) => {
    const streams = [0, 9].map((level) => `proxymq:{${queue.name}}:ready:${level}`);
    for (const stream of streams) assert.equal(Number(await send("XLEN", stream)), 0);
    // What lives on as a dead letter is not here.
    const keys = await send("KEYS", `proxymq:{${queue.name}}:*`);
    const expected = [...streams, `proxymq:{${queue.name}}:queue`].sort();
    assert.deepEqual([...keys].filter((key) => !key.endsWith(":looked")).sort(), expected);
  });
});
