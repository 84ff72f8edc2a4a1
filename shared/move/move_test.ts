import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { eventually } from "../../tests/support/waiting.ts";
import type { Broker, Message } from "../broker/broker.ts";
import { BrokerError, BrokerUnavailableError, MessageTooLargeError } from "../broker/errors.ts";
import { openBroker } from "../broker/open.ts";
import { UnfinishedError } from "../dead_letters/work.ts";
import { requestQueue } from "../service_name.ts";
import { moveAndFollow } from "./follow.ts";
import { readSpool } from "../spool/read_spool.ts";
import { Spools } from "../spool/spools.ts";
import { move, prepareTarget } from "./move.ts";

const service = "orders";
const queue = requestQueue(service);
const { signal } = new AbortController();

function requests(count: number, more: Partial<Message> = {}): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    correlationId: `${index}`,
    headers: { tracked: true },
    body: new Uint8Array(1),
    ...more,
  }));
}

const ignore = () => {};
const uncounted = { onBegun: ignore, onDeleted: ignore, onWritten: ignore, onRead: ignore };

interface Places {
  readonly from: Broker;
  readonly to: Broker;
  /** What is ready at the source and at the target. */
  readonly counts: () => Promise<[number, number]>;
}

async function withRequests(
  messages: readonly Message[],
  test: (places: Places) => Promise<void>,
): Promise<void> {
  await using from = await openBroker(`memory:${crypto.randomUUID()}`, { name: "test" });
  await using to = await openBroker(`memory:${crypto.randomUUID()}`, { name: "test" });
  await prepareTarget(from, service, signal);
  await prepareTarget(to, service, signal);
  await from.publish({ queue }, messages);
  const counts = async (): Promise<[number, number]> => {
    const [here, there] = await Promise.all([from.stats(queue), to.stats(queue)]);
    return [here.ready, there.ready];
  };
  await test({ from, to, counts });
}

/** A broker of which one method does something else. */
function but(broker: Broker, changed: Partial<Broker>): Broker {
  return new Proxy(broker, {
    get(target, name) {
      const value = Reflect.get(name in changed ? changed : target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("a move takes what waits, in its order, and can be run again", () =>
  withRequests(requests(250), async ({ from, to, counts }) => {
    const order: (string | undefined)[] = [];
    const watched = but(to, {
      publish: (where, messages) => {
        order.push(...messages.map(({ correlationId }) => correlationId));
        return to.publish(where, messages);
      },
    });
    const moved = await move(from, watched, service, "requests", { signal });
    assert.equal(moved.done, 250);
    assert.equal(moved.tracked, 250);
    assert.deepEqual(order, requests(250).map(({ correlationId }) => correlationId));
    assert.deepEqual(await counts(), [0, 250]);
    assert.equal((await move(from, to, service, "requests", { signal })).done, 0);
  }));

Deno.test("a dry run counts, and moves nothing", () =>
  withRequests(requests(120), async ({ from, to, counts }) => {
    await from.publish({ queue }, requests(3, { replyTo: "reply_x", headers: {} }));
    const options = { signal, dryRun: true };
    const { matched, done, tracked, awaited, failed } = await move(
      from,
      to,
      service,
      "requests",
      options,
    );
    assert.deepEqual({ matched, done, tracked, awaited, failed }, {
      matched: 120,
      done: 0,
      tracked: 120,
      awaited: 3,
      failed: [],
    });
    assert.deepEqual(await counts(), [123, 0]);
  }));

Deno.test("a limit counts those that are moved, and not those that stay", () =>
  withRequests(requests(5, { replyTo: "reply_x", headers: {} }), async ({ from, to, counts }) => {
    await from.publish({ queue }, requests(20));
    const moved = await move(from, to, service, "requests", { signal, limit: 7 });
    assert.equal(moved.done, 7);
    assert.deepEqual(await counts(), [18, 7]);
    const all = await move(from, to, service, "requests", { signal, awaited: true });
    assert.equal(all.done, 18);
  }));

Deno.test("what the target does not take stays, and the others go", () =>
  withRequests(requests(4), async ({ from, to, counts }) => {
    const spooled = { headers: { tracked: true, spool: "s", size: 1 }, correlationId: "spooled" };
    await from.publish({ queue }, requests(1, spooled));
    const choosy = but(to, {
      publish: (where, messages) =>
        messages[0]?.correlationId === "2"
          ? Promise.reject(new MessageTooLargeError("too large"))
          : to.publish(where, messages),
    });
    const { done, failed } = await move(from, choosy, service, "requests", { signal });
    assert.equal(done, 3);
    assert.deepEqual(failed.map(({ id }) => id).sort(), ["2", "spooled"]);
    assert.match(
      failed.find(({ id }) => id === "spooled")?.error ?? "",
      /in the spool s: .*no spool/,
    );
    assert.deepEqual(await counts(), [2, 3]);
  }));

Deno.test("a body in a spool goes before its request, and one that was begun before is made anew", () =>
  withRequests([], async ({ from, to, counts }) => {
    const body = new Uint8Array(300_000).map((_, index) => index % 251);
    await using spools = new Spools(from, uncounted);
    for (const spool of ["one", "two"]) {
      const writer = await spools.begin({ spool, body: "request", request: spool, until: 0 });
      await writer.write(body);
      await writer.finish();
      const headers = { tracked: true, spool, size: body.byteLength };
      await from.publish({ queue }, requests(1, { correlationId: spool, headers }));
    }
    await to.spools().create("two");
    await to.spools().append("two", [{ seq: 0, at: 0, body: new Uint8Array(5), last: false }]);
    const dry = await move(from, to, service, "requests", { signal, dryRun: true });
    assert.equal(dry.matched, 2);
    assert.equal(await to.spools().look("one", 1_000), undefined);
    const published: (string | undefined)[] = [];
    const watched = but(to, {
      publish: async (where, messages, options) => {
        for (const { correlationId } of "queue" in where && where.queue === queue ? messages : []) {
          published.push(correlationId);
          assert.equal(await to.spools().look(correlationId ?? "", 1_000), "ended");
        }
        return await to.publish(where, messages, options);
      },
    });
    const { done, failed } = await move(from, watched, service, "requests", { signal });
    assert.deepEqual({ done, failed }, { done: 2, failed: [] });
    assert.deepEqual(published, ["one", "two"]);
    for (const spool of published) {
      const there = await Array.fromAsync(readSpool(to.spools(), spool ?? "", { signal }));
      assert.deepEqual(new Uint8Array(Buffer.concat(there)), body);
    }
    assert.deepEqual(await counts(), [0, 2]);
  }));

Deno.test("a target without spools takes all but the bodies in them", () =>
  withRequests(requests(3), async ({ from, to, counts }) => {
    const headers = { tracked: true, spool: "s", size: 1 };
    await from.publish({ queue }, requests(1, { correlationId: "spooled", headers }));
    const without = but(to, {
      spools: () => {
        throw new BrokerError("there are none");
      },
    });
    const { done, failed } = await move(from, without, service, "requests", { signal });
    assert.equal(done, 3);
    assert.deepEqual(failed, [{
      id: "spooled",
      error: "its body, in the spool s: there are none",
    }]);
    assert.deepEqual(await counts(), [1, 3]);
  }));

Deno.test("what stands behind too many others is out of reach, and that is said", () =>
  withRequests(requests(30, { replyTo: "reply_x", headers: {} }), async ({ from, to }) => {
    await from.publish({ queue }, requests(5));
    await assert.rejects(move(from, to, service, "requests", { signal, mostKept: 20 }), (error) => {
      assert.ok(error instanceof UnfinishedError);
      assert.match(error.message, /^15 requests stand behind 20 others that stay/);
      return true;
    });
  }));

Deno.test("a target that goes away ends a move, and nothing is lost", () =>
  withRequests(requests(250), async ({ from, to, counts }) => {
    let published = 0;
    const failing = but(to, {
      publish: (...args) =>
        ++published > 120
          ? Promise.reject(new BrokerUnavailableError("gone"))
          : to.publish(...args),
    });
    await assert.rejects(move(from, failing, service, "requests", { signal }), (error) => {
      assert.ok(error instanceof UnfinishedError);
      assert.equal(error.tally.done, 120);
      return true;
    });
    assert.deepEqual(await counts(), [130, 120]);
    await move(from, to, service, "requests", { signal });
    assert.deepEqual(await counts(), [0, 250]);
  }));

Deno.test("a source that goes away doubles what was published, and loses nothing", () =>
  withRequests(requests(10), async ({ from, to, counts }) => {
    const failing = but(from, {
      settle: (settlements) =>
        settlements.some(({ kind }) => kind === "ack")
          ? Promise.reject(new BrokerUnavailableError("gone"))
          : from.settle(settlements),
    });
    await assert.rejects(move(failing, to, service, "requests", { signal }), UnfinishedError);
    const [, there] = await counts();
    assert.equal(there, 10);
  }));

Deno.test("an interrupted move leaves each request in one of the two places", () =>
  withRequests(requests(1_000), async ({ from, to, counts }) => {
    const stop = new AbortController();
    const { done } = await move(from, to, service, "requests", {
      signal: stop.signal,
      onProgress: ({ done }) => done >= 300 && stop.abort(),
    });
    assert.ok(done >= 300 && done < 1_000);
    assert.deepEqual(await counts(), [1_000 - done, done]);
  }));

Deno.test("whoever waits for what is delayed gets it, and what stayed stays", () =>
  withRequests(requests(2), async ({ from, to, counts }) => {
    await from.publish({ queue }, requests(1, { replyTo: "reply_x", headers: {} }));
    await from.publish({ queue }, requests(3), { delayMs: 300 });
    const moved = await moveAndFollow(from, to, service, { signal });
    assert.equal(moved.done, 5);
    assert.equal(moved.tracked, 5);
    assert.equal(moved.awaited, 1);
    assert.deepEqual(await counts(), [1, 5]);
  }));

Deno.test("an abort ends the wait for what is delayed", () =>
  withRequests(requests(2), async ({ from, to, counts }) => {
    await from.publish({ queue }, requests(1), { delayMs: 60_000 });
    const stop = new AbortController();
    const following = moveAndFollow(from, to, service, { signal: stop.signal });
    await eventually(async () => (await counts())[1] === 2);
    stop.abort();
    assert.equal((await following).done, 2);
  }));
