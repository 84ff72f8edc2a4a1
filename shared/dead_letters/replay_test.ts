import assert from "node:assert/strict";
import type { Broker, Message, QueueStats } from "../broker/broker.ts";
import {
  BrokerUnavailableError,
  MessageTooLargeError,
  QueueNotFoundError,
} from "../broker/errors.ts";
import { openBroker } from "../broker/open.ts";
import { deadLetterQueue, requestQueue } from "../service_name.ts";
import { discard } from "./discard.ts";
import { replay } from "./replay.ts";
import { survey } from "./survey.ts";
import { OutOfReachError, UnfinishedError } from "./work.ts";

const service = "orders";
const queue = requestQueue(service);
const dead = deadLetterQueue(service);
const { signal } = new AbortController();
const all = { filter: {}, signal };

function letters(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    correlationId: `${index}`,
    headers: { "dead-reason": index % 2 === 0 ? "timeout" : "status-503" },
    body: new Uint8Array(1),
  }));
}

async function withLetters(
  messages: readonly Message[],
  test: (broker: Broker, counts: () => Promise<[number, number]>) => Promise<void>,
): Promise<void> {
  await using broker = await openBroker(`memory:${crypto.randomUUID()}`, { name: "test" });
  for (const name of [service, "others"]) {
    await broker.declare({
      kind: "work",
      name: requestQueue(name),
      deadLetterQueue: deadLetterQueue(name),
    });
  }
  await broker.publish({ queue: dead }, messages);
  const ready = async (name: string) => (await broker.stats(name)).ready;
  await test(broker, async () => [await ready(queue), await ready(dead)]);
}

/** A broker of which one method does something else. */
function but(broker: Broker, changed: Partial<Broker>): Broker {
  return {
    capabilities: broker.capabilities,
    status: broker.status,
    declare: (...args) => broker.declare(...args),
    publish: (...args) => broker.publish(...args),
    consume: (...args) => broker.consume(...args),
    settle: (...args) => broker.settle(...args),
    stats: (...args): Promise<QueueStats> => broker.stats(...args),
    results: (...args) => broker.results(...args),
    spools: () => broker.spools(),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    ...changed,
  };
}

Deno.test("a replay moves those that are meant, and leaves the others", () =>
  withLetters(letters(300), async (broker, counts) => {
    const told: number[] = [];
    const tally = await replay(broker, service, {
      filter: { reason: "status-*" },
      signal,
      onProgress: ({ done }) => told.push(done),
    });
    assert.deepEqual(tally, { total: 300, lookedAt: 300, matched: 150, done: 150, failed: [] });
    assert.equal(told.at(-1), 150);
    assert.deepEqual(await counts(), [150, 150]);
  }));

Deno.test("a replay takes the oldest, as many as it is told, or those of the ids", () =>
  withLetters(letters(300), async (broker, counts) => {
    assert.equal((await replay(broker, service, { ...all, limit: 7 })).done, 7);
    const filter = { ids: ["10", "3", "200"] };
    const { done, lookedAt } = await replay(broker, service, { filter, signal });
    assert.equal(done, 2, "3 was among the first 7");
    assert.equal(lookedAt, 293);
    assert.equal((await replay(broker, service, { filter: { ids: ["8"] }, signal })).lookedAt, 16);
    assert.deepEqual(await counts(), [10, 290]);
  }));

Deno.test("a replay into another service", () =>
  withLetters(letters(3), async (broker, counts) => {
    assert.equal((await replay(broker, service, { ...all, to: "others" })).done, 3);
    assert.deepEqual(await counts(), [0, 0]);
    assert.equal((await broker.stats(requestQueue("others"))).ready, 3);
    await assert.rejects(replay(broker, service, { ...all, to: "nobody" }), QueueNotFoundError);
    await assert.rejects(survey(broker, service, { ...all, to: "nobody" }), QueueNotFoundError);
  }));

Deno.test("a survey tells, and does nothing", () =>
  withLetters(letters(100), async (broker, counts) => {
    assert.deepEqual(await survey(broker, service, { ...all, limit: 3 }), {
      total: 100,
      lookedAt: 3,
      matched: 3,
      ids: ["0", "1", "2"],
      complete: true,
    });
    const some = await survey(broker, service, { ...all, mostKept: 40 });
    assert.equal(some.matched, 40);
    assert.equal(some.complete, false);
    assert.deepEqual(await counts(), [0, 100]);
  }));

Deno.test("a publish that fails ends a replay, and nothing is lost", () =>
  withLetters(letters(250), async (broker, counts) => {
    let published = 0;
    const failing = but(broker, {
      publish: (...args) =>
        ++published > 120
          ? Promise.reject(new BrokerUnavailableError("gone"))
          : broker.publish(...args),
    });
    await assert.rejects(replay(failing, service, all), (error) => {
      assert.ok(error instanceof UnfinishedError);
      assert.equal(error.message, "gone");
      assert.equal(error.tally.done, 120);
      return true;
    });
    assert.deepEqual(await counts(), [120, 130]);
    assert.equal((await replay(broker, service, all)).done, 130);
    assert.deepEqual(await counts(), [250, 0]);
  }));

Deno.test("a removal that fails doubles what was published, and loses nothing", () =>
  withLetters(letters(10), async (broker, counts) => {
    const failing = but(broker, {
      settle: (settlements) =>
        settlements.some(({ kind }) => kind === "ack")
          ? Promise.reject(new BrokerUnavailableError("gone"))
          : broker.settle(settlements),
    });
    await assert.rejects(replay(failing, service, all), UnfinishedError);
    assert.deepEqual((await counts())[0], 10);
  }));

Deno.test("a dead letter that the broker does not take stays, and the others go", () =>
  withLetters(letters(5), async (broker, counts) => {
    const choosy = but(broker, {
      publish: (to, messages) =>
        messages[0]?.correlationId === "2"
          ? Promise.reject(new MessageTooLargeError("too large"))
          : broker.publish(to, messages),
    });
    const { done, failed } = await replay(choosy, service, all);
    assert.equal(done, 4);
    assert.deepEqual(failed, [{ id: "2", error: "too large" }]);
    assert.deepEqual(await counts(), [4, 1]);
  }));

Deno.test("an interrupted replay leaves each in one of the two queues", () =>
  withLetters(letters(1_000), async (broker, counts) => {
    const stop = new AbortController();
    const { done } = await replay(broker, service, {
      filter: {},
      signal: stop.signal,
      onProgress: (tally) => tally.done >= 300 && stop.abort(),
    });
    assert.ok(done >= 300 && done < 1_000);
    assert.deepEqual(await counts(), [done, 1_000 - done]);
  }));

Deno.test("a replay keeps to its rate", () =>
  withLetters(letters(9), async (broker) => {
    const start = performance.now();
    await replay(broker, service, { ...all, perSecond: 40 });
    const took = performance.now() - start;
    assert.ok(took >= 190, `${took} ms for turns of 4, 4 and 1 at 40 a second`);
  }));

Deno.test("what stands behind too many others is out of reach, and that is said", () =>
  withLetters(letters(100), async (broker, counts) => {
    const options = { filter: { reason: "status-503" }, signal, mostKept: 20 };
    await assert.rejects(discard(broker, service, options), (error) => {
      assert.ok(error instanceof OutOfReachError);
      assert.match(error.message, /^\d+ dead letters stand behind 20 others/);
      assert.ok(error.tally.done > 0);
      return true;
    });
    const [, left] = await counts();
    assert.ok(left < 100);
  }));

Deno.test("a discard removes those that are meant", () =>
  withLetters(letters(300), async (broker, counts) => {
    const options = { filter: { reason: "timeout" }, limit: 100, signal };
    assert.equal((await discard(broker, service, options)).done, 100);
    assert.deepEqual(await counts(), [0, 200]);
    assert.equal((await discard(broker, service, all)).done, 200);
    assert.deepEqual(await counts(), [0, 0]);
    assert.equal((await discard(broker, service, all)).done, 0);
  }));
