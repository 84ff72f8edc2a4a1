import assert from "node:assert/strict";
import { BrokerUnavailableError, QueueFullError } from "../../shared/broker/errors.ts";
import { text, texts } from "../conformance/messages.ts";
import { ack, Collector } from "../support/collector.ts";
import { withRedis } from "../support/redis_faults.ts";
import { piece, readAll, textOf } from "../spools/bodies.ts";
import { redisTest, serverUrl } from "./server.ts";

const limit = (bytes: string) =>
  withRedis(serverUrl, (send) => send("CONFIG", "SET", "maxmemory", bytes));

redisTest("a server without memory takes no request, but what ends them goes on", async (t) => {
  const [broker, other] = [await t.open(), await t.open()];
  const [queue, reply] = [t.workQueue(), t.replyQueue()];
  await broker.declare(queue);
  await broker.declare(reply);
  await broker.publish({ queue: queue.name }, texts("", 30));
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

redisTest(
  "a server without memory takes no body, but gives and deletes those it has",
  async (t) => {
    const store = (await t.open()).spools();
    const [whole, begun] = [t.spool(), t.spool()];
    await store.create(whole);
    await store.append(whole, [piece(0, 0, "text", { last: true })]);
    await store.create(begun);
    await store.append(begun, [piece(0, 0, "be")]);
    const more = [piece(1, 2, "gun"), piece(2, 5, "", { last: true })];
    await limit("1mb");
    try {
      await assert.rejects(store.create(t.spool()), BrokerUnavailableError);
      await assert.rejects(store.append(begun, more), BrokerUnavailableError);
      assert.equal(textOf(await readAll(store, whole)), "text");
      await store.delete(whole);
      assert.equal(await store.look(whole, 1_000), undefined);
    } finally {
      await limit("0");
    }
    await store.append(begun, more);
    assert.equal(textOf(await readAll(store, begun)), "begun");
    await store.delete(begun);
  },
);
