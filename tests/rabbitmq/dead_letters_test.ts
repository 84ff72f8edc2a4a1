import assert from "node:assert/strict";
import { DEAD_AT, DEAD_QUEUE, DEAD_REASON } from "../../shared/broker/broker.ts";
import { ack, Collector } from "../support/collector.ts";
import { rabbitmqTest } from "./server.ts";

const message = { body: new Uint8Array(1), headers: { mine: "stays" }, messageId: "m" };

for (const queueType of ["quorum", "classic"] as const) {
  rabbitmqTest(
    `${queueType}: what the server moves to the dead letters itself says why`,
    async (t) => {
      const [declarer, guest] = [await t.open(), await t.open()];
      const queue = t.workQueue();
      await declarer.declare(queue);
      await declarer.publish({ queue: queue.name }, [{ ...message, expiration: 50 }]);
      await using dead = new Collector(declarer, queue.deadLetterQueue, { settle: ack });
      await dead.waitFor(1);
      // A handle that did not declare the queue leaves it to the server; here after a delay.
      await declarer.publish({ queue: queue.name }, [message], { delayMs: 100 });
      await using working = new Collector(guest, queue.name, {
        settle: (delivery) => ({ kind: "dead", delivery, reason: "lost on the way" }),
      });
      await working.waitFor(1);
      assert.deepEqual(working.deliveries[0]?.message.headers, { mine: "stays" });
      const letters = await dead.waitFor(2);
      assert.deepEqual(letters.map(({ message }) => message.headers[DEAD_REASON]), [
        "expired",
        "rejected",
      ]);
      for (const { message: { headers } } of letters) {
        assert.equal(headers[DEAD_QUEUE], queue.name);
        assert.ok(Math.abs(Number(headers[DEAD_AT]) - Date.now()) < 60_000);
        assert.equal(headers["mine"], "stays");
        assert.deepEqual(Object.keys(headers).length, 4);
      }
    },
    { queueType },
  );
}
