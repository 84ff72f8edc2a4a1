import assert from "node:assert/strict";
import type { Broker } from "../broker.ts";
import { BrokerUnavailableError, QueueMismatchError, QueueNotFoundError } from "../errors.ts";
import { open } from "./driver.ts";

const queue = { kind: "work", name: "q", deadLetterQueue: "d" } as const;
const message = { body: new Uint8Array(), headers: {} };

function openAs(name: string): Promise<Broker> {
  return open(`memory:${name}`, { name: "test" });
}

Deno.test("handles of one name share their queues, others do not", async () => {
  await using one = await openAs("shared");
  await using same = await openAs("shared");
  await using other = await openAs("other");
  await one.declare(queue);
  await same.publish({ queue: "q" }, [message]);
  assert.equal((await one.stats("q")).ready, 1);
  await assert.rejects(other.stats("q"), QueueNotFoundError);
});

Deno.test("the queues are gone with the last handle", async () => {
  {
    await using one = await openAs("");
    await one.declare(queue);
    await using _same = await openAs("");
  }
  await using later = await openAs("");
  await assert.rejects(later.stats("q"), QueueNotFoundError);
});

Deno.test("a reply queue is its declarer's alone", async () => {
  await using one = await openAs("owner");
  await using two = await openAs("owner");
  const reply = { kind: "reply", name: "r" } as const;
  await one.declare(reply);
  await assert.rejects(two.declare(reply), QueueMismatchError);
  await assert.rejects(one.declare({ ...queue, name: "r" }), QueueMismatchError);
  const deliveries = two.consume("r", { prefetch: 1, signal: new AbortController().signal });
  await assert.rejects(deliveries[Symbol.asyncIterator]().next(), QueueNotFoundError);
});

Deno.test("a delay over the limit is refused, and nothing is published", async () => {
  await using broker = await openAs("delay");
  await broker.declare(queue);
  await assert.rejects(broker.publish({ queue: "q" }, [message], { delayMs: 2 ** 31 }), RangeError);
  assert.equal((await broker.stats("q")).delayed, 0);
});

Deno.test("a dead letter that dies again stays in the dead-letter queue", async () => {
  await using broker = await openAs("dead");
  await broker.declare(queue);
  await broker.publish({ queue: "d" }, [message]);
  const { signal } = new AbortController();
  for await (const delivery of broker.consume("d", { prefetch: 1, signal })) {
    await broker.settle([{ kind: "dead", delivery, reason: "again" }]);
    break;
  }
  const { ready, dead, inFlight } = await broker.stats("d");
  assert.deepEqual({ ready, dead, inFlight }, { ready: 1, dead: 0, inFlight: 0 });
});

Deno.test("a closed handle says so, and tells of it once", async () => {
  const told: boolean[] = [];
  const broker = await open("memory:closed", {
    name: "test",
    onStatus: ({ connected }) => told.push(connected),
  });
  await broker[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
  assert.deepEqual(told, [false]);
  await assert.rejects(broker.declare(queue), BrokerUnavailableError);
});
