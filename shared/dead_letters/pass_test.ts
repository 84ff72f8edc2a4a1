import assert from "node:assert/strict";
import type { Broker, Delivery, Message } from "../broker/broker.ts";
import { QueueNotFoundError } from "../broker/errors.ts";
import { openBroker } from "../broker/open.ts";
import { eventually } from "../../tests/support/waiting.ts";
import { deadLetterQueue, requestQueue } from "../service_name.ts";
import { browse } from "./browse.ts";
import { Pass } from "./pass.ts";

const service = "orders";
const queue = deadLetterQueue(service);
const { signal } = new AbortController();

async function withLetters(
  count: number,
  test: (broker: Broker) => Promise<void>,
): Promise<void> {
  await using broker = await openBroker(`memory:${crypto.randomUUID()}`, { name: "test" });
  await broker.declare({ kind: "work", name: requestQueue(service), deadLetterQueue: queue });
  await add(broker, count);
  await test(broker);
}

function add(broker: Broker, count: number, more?: Partial<Message>): Promise<void> {
  const messages = Array.from({ length: count }, (_, index): Message => ({
    correlationId: `${index}`,
    headers: { path: `/${index}` },
    body: new Uint8Array(10),
    ...more,
  }));
  return broker.publish({ queue }, messages);
}

async function ids(broker: Broker): Promise<string[]> {
  const { letters } = await browse(broker, service, { filter: {}, signal });
  return letters.map(({ id }) => id);
}

/** What stands in the queue, as it is delivered. */
async function deliveries(broker: Broker, count: number): Promise<Delivery[]> {
  const stop = new AbortController();
  const all: Delivery[] = [];
  for await (const delivery of broker.consume(queue, { prefetch: count, signal: stop.signal })) {
    all.push(delivery);
    if (all.length === count) break;
  }
  await broker.settle(all.map((delivery) => ({ kind: "release", delivery })));
  return all;
}

Deno.test("a pass finds each once, in order, and puts back what it does not remove", () =>
  withLetters(100, async (broker) => {
    const seen: string[] = [];
    {
      await using pass = await Pass.start(broker, service, { signal });
      assert.equal(pass.total, 100);
      for (;;) {
        const found = await pass.next(30);
        if (found.length === 0) break;
        assert.ok(found.length <= 30);
        seen.push(...found.map(({ letter }) => letter.id));
        await pass.remove(found.filter(({ letter }) => Number(letter.id) % 2 === 0));
      }
      assert.equal((await broker.stats(queue)).ready, 0);
    }
    assert.deepEqual(seen, Array.from({ length: 100 }, (_, index) => `${index}`));
    assert.deepEqual(await ids(broker), seen.filter((id) => Number(id) % 2 === 1));
  }));

Deno.test("a pass leaves alone what it is not asked for", () =>
  withLetters(50, async (broker) => {
    await browse(broker, service, { filter: {}, limit: 10, signal });
    const counts = (await deliveries(broker, 50)).map(({ redeliveries }) => redeliveries);
    assert.deepEqual(counts, [...Array(10).fill(1), ...Array(40).fill(0)]);
  }));

Deno.test("a pass ends at once where there is nothing", () =>
  withLetters(0, async (broker) => {
    const start = performance.now();
    assert.deepEqual(await ids(broker), []);
    assert.ok(performance.now() - start < 90);
  }));

Deno.test("a pass does not wait for what another consumer holds", () =>
  withLetters(3, async (broker) => {
    await using pass = await Pass.start(broker, service, { signal });
    const stop = new AbortController();
    const other = broker.consume(queue, { prefetch: 2, signal: stop.signal });
    const iterator = other[Symbol.asyncIterator]();
    await iterator.next();
    assert.equal((await pass.next()).length, 1);
    assert.deepEqual(await pass.next(), []);
    stop.abort();
  }));

Deno.test("what comes during a pass is left for the next, however urgent", () =>
  withLetters(20, async (broker) => {
    await using pass = await Pass.start(broker, service, { signal });
    const first = await pass.next(5);
    const started = Date.now();
    await eventually(() => Date.now() > started);
    await add(broker, 10, {
      correlationId: "new",
      priority: 9,
      headers: { "dead-at": Date.now() },
    });
    const seen = first.map(({ letter }) => letter.id);
    for (;;) {
      const found = await pass.next();
      if (found.length === 0) break;
      seen.push(...found.map(({ letter }) => letter.id));
    }
    assert.deepEqual(seen, Array.from({ length: 20 }, (_, index) => `${index}`));
  }));

Deno.test("copies that are alike but have no id are each found", () =>
  withLetters(0, async (broker) => {
    await broker.publish({ queue }, Array(5).fill({ headers: {}, body: new Uint8Array(1) }));
    assert.equal((await ids(broker)).length, 5);
  }));

Deno.test("a pass keeps no more than it may, and says so", () =>
  withLetters(50, async (broker) => {
    await using pass = await Pass.start(broker, service, { signal, mostKept: 20 });
    let found = 0;
    for (;;) {
      const some = await pass.next();
      if (some.length === 0) break;
      found += some.length;
    }
    assert.equal(found, 20);
    assert.ok(pass.outOfReach);
  }));

Deno.test("a dead letter that was looked at often is put back as a fresh copy", () =>
  withLetters(3, async (broker) => {
    let most = 0;
    for (let i = 0; i < 35; i++) {
      assert.deepEqual((await ids(broker)).sort(), ["0", "1", "2"]);
      for (const { redeliveries } of await deliveries(broker, 3)) {
        most = Math.max(most, redeliveries);
      }
    }
    assert.ok(most >= 5 && most <= 11, `handed out ${most} times`);
    assert.equal((await broker.stats(queue)).ready, 3);
  }));

Deno.test("an abort ends a pass, and what it keeps is put back", () =>
  withLetters(30, async (broker) => {
    const stop = new AbortController();
    {
      await using pass = await Pass.start(broker, service, { signal: stop.signal });
      assert.equal((await pass.next()).length, 16);
      stop.abort();
      assert.deepEqual(await pass.next(), []);
    }
    assert.equal((await ids(broker)).length, 30);
  }));

Deno.test("a service without dead letters of its own is an error", async () => {
  await using broker = await openBroker(`memory:${crypto.randomUUID()}`, { name: "test" });
  await assert.rejects(Pass.start(broker, "nobody", { signal }), QueueNotFoundError);
});
