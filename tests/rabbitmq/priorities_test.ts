import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Message } from "../../shared/broker/broker.ts";
import { QueueMismatchError } from "../../shared/broker/errors.ts";
import { open } from "../../shared/broker/rabbitmq/driver.ts";
import { Collector } from "../support/collector.ts";
import { rabbitmqTest, withParameters } from "./server.ts";

rabbitmqTest("what priorities do is known once connected, and said in the status", async (t) => {
  const unconnected = await open(t.url, { name: "proxymq-test" });
  assert.equal(unconnected.capabilities.priorities, undefined);
  await unconnected[Symbol.asyncDispose]();
  const { capabilities, status } = await t.open();
  const said = {
    none: /without priorities.*RabbitMQ 4\.0.*RABBITMQ_QUEUE_TYPE=classic-priority/,
    shares: /two priorities/,
    strict: /^(?!.*priorit)/,
  };
  assert.ok(capabilities.priorities);
  assert.match(status.detail, said[capabilities.priorities]);
});

for (
  const [existing, wanted, sentence] of [
    ["classic", "classic-priority", /x-max-priority unset, but is wanted with "9"/],
    ["classic-priority", "classic", /x-max-priority "9", but is wanted with unset/],
  ] as const
) {
  rabbitmqTest(`a queue of ${existing} is a mismatch where ${wanted} is wanted`, async (t) => {
    const queue = t.workQueue();
    const url = (queueType: string) => withParameters(t.url, { queueType });
    await using first = await open(url(existing), { name: "proxymq-test" });
    await first.declare(queue);
    await using other = await open(url(wanted), { name: "proxymq-test" });
    await assert.rejects(other.declare(queue), (error: unknown) => {
      assert.ok(error instanceof QueueMismatchError);
      assert.match(error.message, sentence);
      assert.ok(error.message.endsWith(`or set RABBITMQ_QUEUE_TYPE=${existing}`), error.message);
      return true;
    });
  });
}

for (const queueType of ["quorum", "classic-priority"] as const) {
  rabbitmqTest(`${queueType}: what is delayed is not held up by what is more urgent`, async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name);
    const publish = (message: Partial<Message>) =>
      broker.publish(
        { queue: queue.name },
        [{ body: new Uint8Array(0), headers: {}, ...message }],
        { delayMs: 2_000 },
      );
    const start = performance.now();
    await publish({ messageId: "first" });
    await delay(1_200);
    await publish({ messageId: "urgent", priority: 9 });
    await collector.waitFor(1);
    const ms = performance.now() - start;
    await collector.waitFor(2);
    const ids = collector.deliveries.map(({ message }) => message.messageId);
    assert.deepEqual(ids, ["first", "urgent"]);
    assert.ok(ms >= 2_000 && ms < 3_000, `${ms}`);
  }, { queueType });
}
