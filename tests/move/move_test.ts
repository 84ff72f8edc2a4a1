/** From each broker to the next: what was waiting at the one is waiting at the other. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Message } from "../../shared/broker/broker.ts";
import { move, prepareTarget } from "../../shared/move/move.ts";
import { readSpool } from "../../shared/spool/read_spool.ts";
import { Spools } from "../../shared/spool/spools.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { Collector } from "../support/collector.ts";

const { signal } = new AbortController();
const ignore = () => {};
const uncounted = { onBegun: ignore, onDeleted: ignore, onWritten: ignore, onRead: ignore };
const large = new Uint8Array(1_000_000).map((_, index) => index % 251);

function requests(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    type: "proxymq.request",
    messageId: `id-${index}`,
    correlationId: `id-${index}`,
    contentType: "application/json",
    timestamp: 1_700_000_000_000,
    headers: {
      "proxymq-version": 1,
      method: "POST",
      path: `/${index}?q=ä`,
      headers: { "content-type": "application/json", "x-many": ["a", "b"] },
      tracked: true,
      attempt: 1 + index % 3,
      attempts: [{ at: 1_700_000_000_000, failure: "status-503" }],
    },
    body: new TextEncoder().encode(`body ${index} ${"x".repeat(index)}`),
    ...(index % 5 === 0 ? { priority: 7 } : {}),
  }));
}

function byId(messages: readonly Message[]): Message[] {
  return messages.toSorted((one, other) =>
    Number(one.correlationId?.slice(3)) - Number(other.correlationId?.slice(3))
  );
}

const pairs = brokersUnderTest
  .map((from, index) => [from, brokersUnderTest[(index + 1) % brokersUnderTest.length]] as const)
  .flatMap(([from, to]) => to && to.system !== from.system ? [[from, to] as const] : []);

for (const [source, target] of pairs) {
  Deno.test({
    name: `a move from ${source.name} to ${target.name}`,
    ignore: source.missing !== undefined || target.missing !== undefined,
    async fn() {
      await using here = await source.setUp();
      await using there = await target.setUp();
      const service = here.service();
      there.own(service);
      const [queue, dead] = [requestQueue(service), deadLetterQueue(service)];
      const [from, to] = [await here.open(), await there.open()];
      await prepareTarget(from, service, signal);
      await prepareTarget(to, service, signal);
      await prepareTarget(to, service, signal);

      const waiting = requests(120);
      const deadline = Date.now() + 600_000;
      const headers = { method: "GET", path: "/", deadline };
      await from.publish({ queue }, [
        { correlationId: "awaited", replyTo: "reply_one", headers, body: new Uint8Array(0) },
      ]);
      await from.publish({ queue }, waiting);
      await from.publish({ queue }, [{
        correlationId: "id-120",
        expiration: 900_000,
        headers: { ...headers, tracked: true },
        body: new Uint8Array(0),
      }]);
      await from.publish({ queue: dead }, [
        { correlationId: "d", headers: { "dead-reason": "timeout" }, body: new Uint8Array(7) },
      ]);
      await using bodies = new Spools(from, uncounted);
      const spool = `${service}_spool`;
      const writer = await bodies.begin({ spool, body: "request", request: "id-121", until: 0 });
      await writer.write(large);
      await writer.finish();
      await from.publish({ queue }, [{
        correlationId: "id-121",
        headers: { ...headers, tracked: true, spool, size: large.byteLength },
        body: new Uint8Array(0),
      }]);
      await eventually(async () => (await from.stats(queue)).ready === 123);
      await eventually(async () => (await from.stats(queue)).dead === 1);

      const moved = await move(from, to, service, "requests", { signal });
      assert.deepEqual([moved.done, moved.tracked, moved.awaited], [122, 122, 1]);
      assert.deepEqual(moved.failed, []);
      const copied = await Array.fromAsync(readSpool(to.spools(), spool, { signal }));
      assert.ok(Buffer.concat(copied).equals(large));
      for (const broker of [from, to]) await broker.spools().delete(spool);
      assert.equal((await move(from, to, service, "dead-letters", { signal })).done, 1);
      await eventually(async () => {
        const { ready, dead } = await from.stats(queue);
        assert.deepEqual({ ready, dead }, { ready: 1, dead: 0 });
        return true;
      });

      await using left = new Collector(from, queue);
      const [stays] = await left.waitFor(1);
      assert.equal(stays?.message.replyTo, "reply_one");
      await using come = new Collector(to, queue, { prefetch: 500 });
      await come.waitFor(122);
      const [spooled, late, ...rest] = byId(come.deliveries.map(({ message }) => message))
        .toReversed();
      assert.equal(spooled?.headers["spool"], spool);
      assert.ok(Number(late?.expiration) > 500_000 && Number(late?.expiration) <= 600_000);
      const expected = waiting.map((message): Message => ({ ...message, durable: true }));
      const plain = (
        { headers: { attempt = 1, ...headers }, body, durable = true, ...message }: Message,
      ) => ({
        ...message,
        headers: { ...headers, attempt },
        body: new TextDecoder().decode(body),
        durable,
      });
      assert.deepEqual(rest.toReversed().map(plain), expected.map(plain));
      for (const { attempt, message } of come.deliveries) {
        if (message !== late && message !== spooled) {
          assert.equal(attempt, message.headers["attempt"] ?? 1);
        }
      }
      await using letters = new Collector(to, dead);
      const [letter] = await letters.waitFor(1);
      assert.equal(letter?.message.headers["dead-reason"], "timeout");
    },
  });
}
