import assert from "node:assert/strict";
import { open } from "../../shared/broker/rabbitmq/driver.ts";
import { eventually, take } from "../brokers.ts";
import { startRelay } from "../support/websocket_relay.ts";
import { rabbitmqTest, serverUrl } from "./server.ts";

rabbitmqTest(
  "over WebSocket messages of every size come through, and a lost one is replaced",
  async (t) => {
    const { hostname, port, username, password } = new URL(serverUrl);
    const queue = t.workQueue();
    const body = crypto.getRandomValues(new Uint8Array(60_000));
    const large = new Uint8Array(1_000_000).fill(7);
    await using relay = startRelay(hostname, Number(port) || 5672);
    await using broker = await open(
      `ws://${username}:${password}@127.0.0.1:${relay.port}/ws?queueType=classic`,
      { name: "proxymq-ws" },
    );
    await broker.declare(queue);
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: 100, signal });
    const messages = [new Uint8Array(0), body, large].map((body) => ({
      body,
      headers: { a: "b" },
    }));
    await broker.publish({ queue: queue.name }, messages);
    const came = await take(deliveries, 3);
    assert.deepEqual(came.map(({ message }) => message.body.length), [0, 60_000, 1_000_000]);
    assert.deepEqual(came[1]?.message.body, body);
    await broker.settle(came.map((delivery) => ({ kind: "ack", delivery })));

    assert.equal(await t.faults?.closeConnections?.("proxymq-ws"), 2);
    await eventually(async () => {
      await broker.publish({ queue: queue.name }, [{ body, headers: {} }]);
      return true;
    });
    await take(deliveries, 1);
  },
  { needsCtl: true, queueType: "classic" },
);
