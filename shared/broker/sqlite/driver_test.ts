import assert from "node:assert/strict";
import { eventually, take } from "../../../tests/support/waiting.ts";
import type { Broker, BrokerStatus, Delivery } from "../broker.ts";
import { BrokerUnavailableError, DeliveryLostError } from "../errors.ts";
import { open } from "./driver.ts";
import { acquirePeer, releasePeer } from "./peers.ts";
import { TestFolder } from "../../../tests/sqlite/test_folder.ts";

const queue = { kind: "work", name: "work", deadLetterQueue: "dead" } as const;
const message = { body: new Uint8Array(1000), headers: {} };

async function first(broker: Broker): Promise<{ delivery: Delivery; end: () => void }> {
  const ended = new AbortController();
  const deliveries = broker.consume(queue.name, { prefetch: 1, signal: ended.signal });
  const [delivery] = await take(deliveries, 1);
  assert.ok(delivery);
  return { delivery, end: () => ended.abort() };
}

Deno.test("nothing but the database is left when the last handle is disposed of", async () => {
  using folder = new TestFolder();
  const [one, two] = [
    await open(folder.url(), { name: "one" }),
    await open(folder.url(), { name: "two" }),
  ];
  await one.declare(queue);
  await one[Symbol.asyncDispose]();
  await two.publish({ queue: queue.name }, [message]);
  assert.deepEqual(folder.names().includes("broker.db-wake"), true);
  await two[Symbol.asyncDispose]();
  assert.deepEqual(folder.names(), ["broker.db"]);
});

Deno.test("what was confirmed is there after everything was closed", async () => {
  using folder = new TestFolder();
  {
    await using broker = await open(folder.url(), { name: "one" });
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, [message]);
  }
  await using broker = await open(folder.url(), { name: "two" });
  assert.equal((await broker.stats(queue.name)).ready, 1);
});

Deno.test("a full disk is an error, a status, and soon over when there is room again", async () => {
  using folder = new TestFolder();
  const statuses: BrokerStatus[] = [];
  const onStatus = (status: BrokerStatus) => void statuses.push(status);
  await using broker = await open(folder.url(), { name: "test", onStatus });
  await broker.declare(queue);
  const peer = await acquirePeer(folder.file());
  const pages = peer.connection.pragma("page_count");
  peer.connection.exec(`PRAGMA max_page_count = ${pages + 1}`);
  const large = { ...message, body: new Uint8Array(100_000) };
  await assert.rejects(broker.publish({ queue: queue.name }, [large]), (error) => {
    assert.ok(error instanceof BrokerUnavailableError);
    assert.match(error.message, /broker\.db.*full/);
    return true;
  });
  assert.equal(broker.status.connected, false);
  await eventually(() => broker.status.connected);
  await broker.publish({ queue: queue.name }, [large]);
  assert.equal((await broker.stats(queue.name)).ready, 1);
  assert.deepEqual(statuses.map(({ connected }) => connected), [false, true]);
  await releasePeer(folder.file());
});

Deno.test("a file that is deleted is made again, and its consumers go on", async () => {
  using folder = new TestFolder();
  await using broker = await open(folder.url(), { name: "test" });
  await broker.declare(queue);
  await broker.publish({ queue: queue.name }, [message]);
  const held = await first(broker);
  const going = broker.consume(queue.name, {
    prefetch: 5,
    signal: AbortSignal.timeout(20_000),
  })[Symbol.asyncIterator]();
  const next = going.next();
  for (const end of ["", "-wal", "-shm"]) Deno.removeSync(folder.file() + end);
  await eventually(() => !broker.status.connected);
  await assert.rejects(broker.publish({ queue: queue.name }, [message]), BrokerUnavailableError);
  await eventually(() => broker.status.connected);
  await assert.rejects(
    broker.settle([{ kind: "ack", delivery: held.delivery }]),
    DeliveryLostError,
  );
  held.end();
  await broker.publish({ queue: queue.name }, [{ ...message, correlationId: "after" }]);
  const { value } = await next;
  assert.equal(value?.message.correlationId, "after");
  await going.return?.();
});

Deno.test("a client that was given up for dead loses what it held, and goes on", async () => {
  using folder = new TestFolder();
  await using broker = await open(folder.url(), { name: "test" });
  await broker.declare(queue);
  await broker.publish({ queue: queue.name }, [message]);
  const held = await first(broker);
  const peer = await acquirePeer(folder.file());
  const before = peer.client;
  await peer.write((connection) => {
    connection.run("UPDATE clients SET lease_until = 0");
    connection.run("DELETE FROM clients");
    connection.run("UPDATE messages SET state = 0, owner = NULL, redeliveries = redeliveries + 1");
  }, { durable: false });
  held.end();
  await assert.rejects(
    broker.settle([{ kind: "ack", delivery: held.delivery }]),
    DeliveryLostError,
  );
  const again = await first(broker);
  assert.equal(again.delivery.redeliveries, 1);
  await broker.settle([{ kind: "ack", delivery: again.delivery }]);
  assert.notEqual(peer.client, before);
  again.end();
  await releasePeer(folder.file());
});

Deno.test("what could not be settled comes again", async () => {
  using folder = new TestFolder();
  await using broker = await open(folder.url(), { name: "test" });
  await broker.declare(queue);
  await broker.publish({ queue: queue.name }, [message]);
  const held = await first(broker);
  const peer = await acquirePeer(folder.file());
  peer.connection.exec(`PRAGMA max_page_count = ${peer.connection.pragma("page_count")}`);
  const headers = { large: "x".repeat(100_000) };
  const settling = broker.settle([
    { kind: "dead", delivery: held.delivery, reason: "test", headers },
  ]);
  await assert.rejects(settling, BrokerUnavailableError);
  held.end();
  await eventually(() => broker.status.connected);
  const again = await first(broker);
  assert.equal(again.delivery.redeliveries, 1);
  await broker.settle([{ kind: "ack", delivery: again.delivery }]);
  again.end();
  await releasePeer(folder.file());
});

Deno.test("the file stays bounded, and gives back most of what it no longer needs", async () => {
  using folder = new TestFolder();
  await using broker = await open(folder.url(), { name: "test" });
  await broker.declare(queue);
  const body = new Uint8Array(1024 * 1024);
  const batch = Array.from({ length: 40 }, () => ({ ...message, body }));
  await broker.publish({ queue: queue.name }, batch);
  const signal = AbortSignal.timeout(20_000);
  let left = batch.length;
  for await (const delivery of broker.consume(queue.name, { prefetch: 5, signal })) {
    await broker.settle([{ kind: "ack", delivery }]);
    if (--left === 0) break;
  }
  const peer = await acquirePeer(folder.file());
  const peak = peer.connection.pragma("page_count");
  await peer.write((connection) => {
    for (let n = 0; n < 20; n++) connection.reclaim();
  }, { durable: false });
  assert.ok(peer.connection.pragma("page_count") < peak / 2);
  assert.ok(Deno.statSync(`${folder.file()}-wal`).size < 100 * 1024 * 1024);
  await releasePeer(folder.file());
});
