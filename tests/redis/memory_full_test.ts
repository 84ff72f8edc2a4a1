import assert from "node:assert/strict";
import { QueueFullError } from "../../shared/broker/errors.ts";
import { text, texts } from "../conformance/messages.ts";
import { ack, Collector } from "../support/collector.ts";
import { withRedis } from "../support/redis_faults.ts";
import { redisTest, serverUrl } from "./server.ts";

redisTest("a server without memory takes no request, but what ends them goes on", async (t) => {
  const [broker, other] = [await t.open(), await t.open()];
  const [queue, reply] = [t.workQueue(), t.replyQueue()];
  await broker.declare(queue);
  await broker.declare(reply);
  await broker.publish({ queue: queue.name }, texts("", 30));
  const limit = (bytes: string) =>
    withRedis(serverUrl, (send) => send("CONFIG", "SET", "maxmemory", bytes));
  await limit("1mb");
  try {
    await assert.rejects(broker.publish({ queue: queue.name }, [text("more")]), {
      name: QueueFullError.name,
      queue: queue.name,
    });
    await using replies = new Collector(broker, reply.name);
    let came = 0;
    await using work = new Collector(other, queue.name, {
      prefetch: 5,
      settle(delivery) {
        came++;
        if (came === 1) return { kind: "retry", delivery, delayMs: 0 };
        return came === 2 ? { kind: "dead", delivery, reason: "for the test" } : ack(delivery);
      },
    });
    await work.waitFor(31);
    await other.publish({ queue: reply.name }, [text("answer")]);
    await replies.waitFor(1);
    assert.equal((await other.stats(queue.name)).dead, 1);
  } finally {
    await limit("0");
  }
  await broker.publish({ queue: queue.name }, [text("more")]);
});
