import assert from "node:assert/strict";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { Collector } from "../support/collector.ts";
import { eventually, uniqueName } from "../support/waiting.ts";
import { Place } from "./place.ts";
import { SecondProcess } from "./second_process.ts";

Deno.test("sqlite: replies come back from another process, large ones too", async () => {
  await using place = await Place.make();
  await using _server = await SecondProcess.start("serve", place.url, place.queue);
  const replyTo = uniqueName("reply");
  await place.broker.declare({ kind: "reply", name: replyTo });
  await using replies = new Collector(place.broker, replyTo);
  const sizes = [0, 1, 1024, 10 * 1024 * 1024];
  for (const [n, size] of sizes.entries()) {
    const body = new Uint8Array(size).fill(n + 1);
    await place.publish([{ body, headers: {}, correlationId: String(size), replyTo }]);
    const reply = (await replies.waitFor(n + 1))[n]?.message;
    assert.equal(reply?.correlationId, String(size));
    assert.equal(reply?.body.byteLength, size);
    assert.ok(reply.body.every((byte) => byte === n + 1));
  }
});

Deno.test("sqlite: 500 calls at 32 at a time, each gets its own reply from another process", async () => {
  await using place = await Place.make();
  await using _server = await SecondProcess.start("serve", place.url, place.queue);
  const replyTo = uniqueName("reply");
  await place.broker.declare({ kind: "reply", name: replyTo });
  const waiting = new Map<string, () => void>();
  const ended = new AbortController();
  const reading = (async () => {
    const { signal } = ended;
    for await (const { message } of place.broker.consume(replyTo, { prefetch: 1, signal })) {
      const id = message.correlationId ?? "";
      assert.equal(new TextDecoder().decode(message.body), id);
      const answer = waiting.get(id);
      waiting.delete(id);
      assert.ok(answer, `a second reply to ${id}`);
      answer();
    }
  })();
  let called = 0;
  const caller = async () => {
    while (called < 500) {
      const correlationId = String(called++);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(correlationId, resolve);
      const body = new TextEncoder().encode(correlationId);
      await place.publish([{ body, headers: {}, correlationId, replyTo }]);
      await promise;
    }
  };
  await Promise.race([Promise.all(Array.from({ length: 32 }, caller)), reading]);
  ended.abort();
  await reading;
  assert.equal(waiting.size, 0);
});

Deno.test("sqlite: the reply queue of a killed process is gone soon", async () => {
  await using place = await Place.make();
  const name = uniqueName("reply");
  const process = await SecondProcess.start("reply", place.url, name);
  const publish = () =>
    place.broker.publish({ queue: name }, [{ body: new Uint8Array(1), headers: {} }]);
  await publish();
  await process.kill();
  await eventually(async () => {
    await assert.rejects(publish(), QueueNotFoundError);
    return true;
  });
});
