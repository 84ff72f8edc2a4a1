import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DEAD_REASON } from "../../shared/broker/broker.ts";
import { MessageTooLargeError } from "../../shared/broker/errors.ts";
import { ack, Collector } from "../support/collector.ts";
import { foreignClient, rabbitmqTest } from "./server.ts";

const body = new Uint8Array(0);

rabbitmqTest("integers beyond 32 bits come through to us and to others", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  const deadline = 1_900_000_000_123;
  await broker.publish({ queue: queue.name }, [{ body, headers: { deadline, edge: 2 ** 31 } }]);
  await using foreign = await foreignClient();
  const channel = await foreign.connection.createChannel();
  const message = await channel.get(queue.name, { noAck: true });
  assert.deepEqual(message && message.properties.headers, { deadline, edge: 2 ** 31 });
}, { queueType: "classic" });

rabbitmqTest("what others put into headers is converted or left out", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  await using foreign = await foreignClient();
  const channel = await foreign.connection.createConfirmChannel();
  channel.sendToQueue(queue.name, Buffer.from("x"), {
    priority: 0,
    headers: {
      date: { "!": "timestamp", value: 1_800_000_000 },
      long: { "!": "int64", value: 5_000_000_000 },
      short: { "!": "int16", value: -7 },
      half: 0.5,
      none: null,
      bytes: Buffer.from("bytes"),
      table: { list: [1, "two", null] },
    },
  });
  await channel.waitForConfirms();
  await using collector = new Collector(broker, queue.name, { settle: ack });
  const [delivery] = await collector.waitFor(1);
  assert.deepEqual(delivery?.message.headers, {
    date: 1_800_000_000_000,
    long: 5_000_000_000,
    short: -7,
    table: { list: [1, "two"] },
  });
  assert.equal(delivery?.message.priority, 0);
});

rabbitmqTest(
  "headers up to the limit pass, and can still become a dead letter; over it is an error",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const { maxHeaderBytes } = broker.capabilities;
    const sized = (bytes: number) => ({ body, headers: { large: "x".repeat(bytes) } });
    await assert.rejects(
      broker.publish({ queue: queue.name }, [sized(maxHeaderBytes)]),
      MessageTooLargeError,
    );
    // Flags, the table's length, the name, the value's type and length, the delivery mode.
    const largest = maxHeaderBytes - 2 - 4 - 6 - 5 - 1;
    await broker.publish({ queue: queue.name }, [sized(largest)]);
    await assert.rejects(
      broker.publish({ queue: queue.name }, [sized(largest + 1)]),
      MessageTooLargeError,
    );
    await using collector = new Collector(broker, queue.name, {
      settle: (delivery) => ({ kind: "dead", delivery, reason: "a test" }),
    });
    await collector.waitFor(1);
    await using dead = new Collector(broker, queue.deadLetterQueue, { settle: ack });
    const [letter] = await dead.waitFor(1);
    assert.equal(letter?.message.headers[DEAD_REASON], "a test");
  },
);
