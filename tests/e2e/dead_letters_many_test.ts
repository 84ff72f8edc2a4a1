import assert from "node:assert/strict";
import type { Broker, Message } from "../../shared/broker/broker.ts";
import { browse } from "../../shared/dead_letters/browse.ts";
import { discard } from "../../shared/dead_letters/discard.ts";
import { replay } from "../../shared/dead_letters/replay.ts";
import { exportLetters, importLetters } from "../../shared/dead_letters/transfer.ts";
import { encodeRequest } from "../../shared/message/envelope.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, type TestBroker } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import { microservice, testDequeuer } from "./stack.ts";

const { signal } = new AbortController();
const all = { filter: {}, signal };

/** How many are replayed while a dequeuer works on them. */
const count = 10_000;

function deadLetters(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => {
    const request = encodeRequest({
      id: `request-${index}`,
      method: "POST",
      path: `/${index}`,
      headers: { "x-tag": ["a", "b"] },
      body: new Uint8Array([index % 256, 0, 255]),
    }, 1_000 * index);
    const headers = {
      ...request.headers,
      attempt: 5,
      attempts: [{ at: index, failure: "status-503" }],
      "dead-reason": index % 2 === 0 ? "status-503" : "timeout",
      "dead-at": 1_000 + index,
      "dead-status": 503,
    };
    return { ...request, headers };
  });
}

async function setUp(place: TestBroker, count: number): Promise<[Broker, string]> {
  const service = place.service();
  const broker = await place.open();
  const [queue, dead] = [requestQueue(service), deadLetterQueue(service)];
  await broker.declare({ kind: "work", name: queue, deadLetterQueue: dead });
  const letters = deadLetters(count);
  while (letters.length > 0) await broker.publish({ queue: dead }, letters.splice(0, 500));
  return [broker, service];
}

for (const broker of brokersUnderTest) {
  const ignore = broker.missing !== undefined;

  Deno.test({
    name: `${count} dead letters are replayed under a working dequeuer, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const [handle, service] = await setUp(place, count);
      const seen = new Map<string, number>();
      await using upstream = microservice((request) => {
        const { pathname } = new URL(request.url);
        seen.set(pathname, (seen.get(pathname) ?? 0) + 1);
        return new Response("ok");
      });
      await using dequeuer = await testDequeuer({
        BROKER_URL: place.url,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: upstream.url,
      });
      await dequeuer.ready;
      const { done, failed } = await replay(handle, service, all);
      assert.equal(done, count);
      assert.deepEqual(failed, []);
      await eventually(() => seen.size === count, { timeoutMs: 60_000 });
      assert.deepEqual([...seen.values()].filter((times) => times !== 1), [], "some came twice");
      assert.equal((await handle.stats(deadLetterQueue(service))).ready, 0);
    },
  });

  Deno.test({
    name: `dead letters that are not meant stay as they are, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const [handle, service] = await setUp(place, 1_000);
      const options = { filter: { reason: "timeout" }, signal };
      assert.equal((await replay(handle, service, options)).done, 500);
      const { total, letters } = await browse(handle, service, all);
      assert.equal(total, 500);
      assert.deepEqual(
        letters.map(({ id }) => id).toSorted(),
        Array.from({ length: 500 }, (_, index) => `request-${2 * index}`).toSorted(),
      );
      assert.equal((await handle.stats(requestQueue(service))).ready, 500);
    },
  });

  Deno.test({
    name: `looking at dead letters again and again loses none, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const [handle, service] = await setUp(place, 20);
      for (let i = 0; i < 50; i++) {
        const { letters } = await browse(handle, service, { ...all, limit: 5 + i % 20 });
        assert.equal(letters.length, Math.min(20, 5 + i % 20), `at the look number ${i + 1}`);
      }
      const { letters } = await browse(handle, service, all);
      assert.equal(new Set(letters.map(({ id }) => id)).size, 20);
      assert.equal(letters.length, 20);
    },
  });

  Deno.test({
    name: `export, discard, import and replay give the same requests, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const [handle, service] = await setUp(place, 250);
      const expected = await replayedBy(handle, service, async () => {});
      const [, other] = await setUp(place, 250);
      const actual = await replayedBy(handle, other, async () => {
        let file = "";
        await exportLetters(handle, other, all, (lines) => {
          file += lines;
          return Promise.resolve();
        });
        const stats = () => handle.stats(deadLetterQueue(other));
        await eventually(async () => (await stats()).ready === 250);
        assert.equal((await discard(handle, other, all)).done, 250);
        assert.equal((await stats()).ready, 0);
        assert.equal(await importLetters(handle, other, linesOf(file), { signal }), 250);
        assert.equal((await stats()).ready, 250);
      });
      assert.equal(actual.length, 250);
      assert.deepEqual(actual, expected);
    },
  });
}

async function* linesOf(file: string): AsyncGenerator<string, void> {
  yield* file.split("\n");
}

/** The requests that a replay puts into the queue, after something was done before it. */
async function replayedBy(
  broker: Broker,
  service: string,
  before: () => Promise<void>,
): Promise<Message[]> {
  await before();
  assert.equal((await replay(broker, service, all)).done, 250);
  await using requests = new Collector(broker, requestQueue(service), {
    prefetch: 500,
    settle: (delivery) => ({ kind: "ack", delivery }),
  });
  const deliveries = await requests.waitFor(250);
  return deliveries.map(({ message }) => ({ ...message, body: message.body.slice() }));
}
