import assert from "node:assert/strict";
import { DeliveryLostError } from "../../shared/broker/errors.ts";
import { eventually, uniqueName } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { rabbitmqctl, rabbitmqTest } from "./server.ts";

const message = { body: new Uint8Array(1), headers: {} };

rabbitmqTest(
  "an operator sees one connection to publish and one to consume, by their names",
  async (t) => {
    const name = uniqueName("proxymq-named");
    const broker = await t.open({ name });
    await broker.declare(t.workQueue());
    const listed = await rabbitmqctl("--quiet", "list_connections", "client_properties");
    for (const purpose of ["publish", "consume"]) {
      assert.equal(listed.split(`"${name} ${purpose}"`).length, 2, purpose);
    }
  },
  { needsCtl: true },
);

rabbitmqTest(
  "a lost publishing connection leaves the consumer alone, and comes back",
  async (t) => {
    const name = uniqueName("proxymq-half");
    const broker = await t.open({ name });
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name);
    await broker.publish({ queue: queue.name }, [message]);
    const [held] = await collector.waitFor(1);
    assert.equal(await t.faults?.closeConnections?.(`${name} publish`), 1);
    await eventually(async () => {
      await broker.publish({ queue: queue.name }, [message]);
      return true;
    });
    assert.ok(held);
    await broker.settle([{ kind: "ack", delivery: held }]);
  },
  { needsCtl: true },
);

rabbitmqTest(
  "a lost consuming connection leaves publishing alone, and its deliveries come again",
  async (t) => {
    const name = uniqueName("proxymq-half");
    const broker = await t.open({ name });
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name);
    await broker.publish({ queue: queue.name }, [message]);
    const [held] = await collector.waitFor(1);
    const closed = t.faults?.closeConnections?.(`${name} consume`);
    for (let count = 0; count < 20; count++) await broker.publish({ queue: queue.name }, [message]);
    assert.equal(await closed, 1);
    await collector.waitFor(22);
    assert.ok(held);
    await assert.rejects(broker.settle([{ kind: "ack", delivery: held }]), DeliveryLostError);
  },
  { needsCtl: true },
);

rabbitmqTest(
  "a consumer whose channel the server closed, for it held a message too long, goes on",
  async (t) => {
    const set = (timeout: string, tick: string) =>
      rabbitmqctl(
        "eval",
        `application:set_env(rabbit, consumer_timeout, ${timeout}), ` +
          `application:set_env(rabbit, channel_tick_interval, ${tick}).`,
      );
    await set("500", "200");
    try {
      const broker = await t.open();
      const queue = t.workQueue();
      await broker.declare(queue);
      await using collector = new Collector(broker, queue.name);
      await broker.publish({ queue: queue.name }, [message]);
      const [first, second] = await collector.waitFor(2, { timeoutMs: 30_000 });
      assert.ok(first && second);
      await assert.rejects(broker.settle([{ kind: "ack", delivery: first }]), DeliveryLostError);
      assert.equal(second.redeliveries, 1);
      assert.equal(broker.status.connected, true);
    } finally {
      await set("1800000", "60000");
    }
  },
  { needsCtl: true },
);

rabbitmqTest(
  "while the server blocks publishing, it is refused at once, and consuming goes on",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, [message, message]);
    await rabbitmqctl("set_vm_memory_high_watermark", "0.00001");
    try {
      // The server says so when the first message comes, which waits.
      const waiting = broker.publish({ queue: queue.name }, [message]).catch(() => {});
      await eventually(() => broker.status.detail.includes("blocked"));
      const since = performance.now();
      await assert.rejects(broker.publish({ queue: queue.name }, [message]), /blocked/);
      assert.ok(performance.now() - since < 100);
      await using collector = new Collector(broker, queue.name, { settle: ack });
      await collector.waitFor(2);
      await rabbitmqctl("set_vm_memory_high_watermark", "0.4");
      await waiting;
      await eventually(() => !broker.status.detail.includes("blocked"));
      await broker.publish({ queue: queue.name }, [message]);
      await collector.waitFor(3);
    } finally {
      await rabbitmqctl("set_vm_memory_high_watermark", "0.4");
    }
  },
  { needsCtl: true },
);
