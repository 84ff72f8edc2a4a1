import assert from "node:assert/strict";
import { delayUnitMs, levelName } from "../../shared/broker/rabbitmq/delay_levels.ts";
import { Collector } from "../support/collector.ts";
import { rabbitmqTest } from "./server.ts";

for (const queueType of ["quorum", "classic"] as const) {
  rabbitmqTest(
    `${queueType}: a delay of 10 s does not hold up one of 250 ms, and both are kept`,
    async (t) => {
      const [declarer, publisher] = [await t.open(), await t.open()];
      const queue = t.workQueue();
      await declarer.declare(queue);
      await using collector = new Collector(declarer, queue.name);
      const came = new Map<string, number>();
      const since = performance.now();
      for (const delayMs of [10_000, 250, 1000]) {
        const message = {
          body: new Uint8Array(0),
          headers: {},
          messageId: `${delayMs}`,
          expiration: 50,
        };
        await publisher.publish({ queue: queue.name }, [message], { delayMs });
      }
      for (let count = 1; count <= 3; count++) {
        await collector.waitFor(count);
        came.set(
          collector.deliveries[count - 1]?.message.messageId ?? "",
          performance.now() - since,
        );
      }
      assert.deepEqual([...came.keys()], ["250", "1000", "10000"]);
      for (const [delay, ms] of came) {
        assert.ok(ms >= Number(delay) && ms < Number(delay) + 1000, `${delay}: ${ms}`);
      }
      // The expiration was set aside on the way, and is the message's again.
      assert.deepEqual(collector.deliveries[0]?.message.headers, {});
      assert.equal(collector.deliveries[0]?.message.expiration, 50);
    },
    { queueType },
  );
}

rabbitmqTest("a level of the delay chain that was deleted is declared again", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  await using collector = new Collector(broker, queue.name);
  const message = { body: new Uint8Array(0), headers: {} };
  await broker.publish({ queue: queue.name }, [message], { delayMs: delayUnitMs });
  await collector.waitFor(1);
  await t.faults?.deleteQueue(levelName("quorum", 0));
  await broker.publish({ queue: queue.name }, [message], { delayMs: delayUnitMs });
  await collector.waitFor(2);
});
