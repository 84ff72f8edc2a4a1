import assert from "node:assert/strict";
import { DeliveryLostError } from "../../shared/broker/errors.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { text } from "../conformance/messages.ts";
import { ack, Collector } from "../support/collector.ts";
import { withRedis } from "../support/redis_faults.ts";
import { networkTo } from "../support/network.ts";
import { eventually } from "../support/waiting.ts";
import { take } from "../brokers.ts";
import { redisTest, serverUrl } from "./server.ts";

redisTest(
  "what a client holds that fell silent goes to others when its lease is over",
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const { url, proxy } = await networkTo(stack, serverUrl);
    const leased = new URL(url);
    leased.searchParams.set("lease", "2");
    await using silent = await openBroker(leased.href, { name: "silent" });
    const other = await t.open();
    const [queue, reply] = [t.workQueue(), t.replyQueue()];
    await other.declare(queue);
    await silent.declare(reply);
    await other.publish({ queue: queue.name }, [text("held")]);
    const { signal } = new AbortController();
    const [held] = await take(silent.consume(queue.name, { prefetch: 1, signal }), 1);
    assert.ok(held);
    await using collector = new Collector(other, queue.name, { settle: ack });
    // As long as it is heard of its lease is extended.
    const begun = await leaseOf(queue.name);
    await eventually(async () => await leaseOf(queue.name) > begun + 2_000);
    assert.equal(collector.deliveries.length, 0);

    proxy.hold();
    const [again] = await collector.waitFor(1, { timeoutMs: 5_000 });
    assert.equal(again?.redeliveries, 1);
    // Its reply queue is gone too, and there again when it is heard of.
    await eventually(() =>
      other.publish({ queue: reply.name }, [text("late")]).then(() => false, () => true)
    );
    proxy.release();
    await assert.rejects(silent.settle([ack(held)]), DeliveryLostError);
    await eventually(async () => {
      await other.publish({ queue: reply.name }, [text("answer")]);
      return true;
    });
  },
);

redisTest("replies are kept as long as the queue that they came to", async (t) => {
  await using stack = new AsyncDisposableStack();
  const { url, proxy } = await networkTo(stack, serverUrl);
  const leased = new URL(url);
  // A third of it is long enough that nothing is extended meanwhile.
  leased.searchParams.set("lease", "60");
  const requester = stack.use(await openBroker(leased.href, { name: "requester" }));
  await eventually(() => requester.status.connected);
  const reply = t.replyQueue();
  await requester.declare(reply);
  await (await t.open()).publish({ queue: reply.name }, [text("answer")]);
  const replies = `proxymq:{${reply.name}}:replies`;
  await withRedis(serverUrl, async (send) => {
    await send("PEXPIRE", replies, "20000");
    proxy.reset();
    await eventually(async () => Number(await send("PTTL", replies)) > 40_000);
  });
});

redisTest("far more than fits into one answer comes all the same", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  const body = new Uint8Array(1024 * 1024);
  for (let count = 0; count < 40; count++) {
    await broker.publish({ queue: queue.name }, [{ body, headers: {} }]);
  }
  await using collector = new Collector(broker, queue.name, { prefetch: 100 });
  await collector.waitFor(40);
  await broker.settle(collector.deliveries.map(ack));
});

/** Until when the only one who holds something has a lease, by the server's clock. */
function leaseOf(queue: string): Promise<number> {
  return withRedis(serverUrl, async (send) => {
    const pending = await send("XPENDING", `proxymq:{${queue}}:ready:0`, "proxymq", "-", "+", "1");
    const holder = Object.values(pending)[0]?.[1] ?? "";
    return Number(await send("ZSCORE", `proxymq:{${queue}}:leases`, holder));
  });
}
