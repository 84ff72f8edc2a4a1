import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { requestQueue } from "../../shared/service_name.ts";
import { eventually } from "../brokers.ts";
import { writePatterned } from "./stream_service.ts";
import { assertNothingLeft, events, given, streamTest, texts } from "./stream_stack.ts";

streamTest("a caller that hangs up cuts the microservice within a second", async (broker) => {
  await using all = await given(broker, ({ response }) => {
    response.writeHead(200, events);
    response.write("data: 1\n\n");
  });
  const { upstream, front, back } = all;
  const hangUp = new AbortController();
  const response = await fetch(`${all.stack.url}/events`, { signal: hangUp.signal });
  const iterator = texts(response);
  assert.equal((await iterator.next()).value, "data: 1\n\n");
  const hungUpAt = performance.now();
  hangUp.abort();
  await iterator.next().catch(() => {});
  await eventually(() => upstream.calls[0]?.cutAt !== undefined);
  const ms = (upstream.calls[0]?.cutAt ?? Infinity) - hungUpAt;
  assert.ok(ms < 1_000, `cut after ${ms} ms`);
  await eventually(async () =>
    await back("dequeuer_processed_total", { outcome: "cancelled" }) === 1
  );
  assert.equal(await front("enqueuer_streams_total", { end: "hung-up" }), 1);
  assert.equal(await front("enqueuer_disconnects_total"), 1);
  await assertNothingLeft(all);
});

streamTest(
  "so does one that had sent a long prompt, when the next tokens are for nobody",
  async (broker) => {
    // Deno's server does not tell of this hang-up (docs/upstream/deno-serve-hang-ups.md).
    await using all = await given(broker, ({ response }) => {
      response.writeHead(200, events);
      const timer = setInterval(() => response.write("data: token\n\n"), 20);
      response.on("close", () => clearInterval(timer));
    });
    const hangUp = new AbortController();
    const response = await fetch(`${all.stack.url}/generate`, {
      method: "POST",
      body: "x".repeat(20_000),
      signal: hangUp.signal,
    });
    const iterator = texts(response);
    await iterator.next();
    const hungUpAt = performance.now();
    hangUp.abort();
    await iterator.next().catch(() => {});
    await eventually(() => all.upstream.calls[0]?.cutAt !== undefined);
    const ms = (all.upstream.calls[0]?.cutAt ?? Infinity) - hungUpAt;
    assert.ok(ms < 1_000, `cut after ${ms} ms`);
    await assertNothingLeft(all);
  },
);

streamTest("finish: a caller that hangs up leaves the microservice to its end", async (broker) => {
  let written = 0;
  await using all = await given(broker, async ({ response }) => {
    response.writeHead(200, events);
    await writePatterned(response, 8 * 2 ** 20, (bytes) => written += bytes.byteLength);
    response.end();
  }, { DEQUEUER_ON_DISCONNECT: "finish" });
  const hangUp = new AbortController();
  const response = await fetch(`${all.stack.url}/events`, { signal: hangUp.signal });
  assert.equal(response.status, 200);
  hangUp.abort();
  await response.body?.cancel().catch(() => {});
  await eventually(async () =>
    await all.back("dequeuer_processed_total", { outcome: "streamed" }) === 1
  );
  assert.equal(written, 8 * 2 ** 20);
  assert.equal(all.upstream.calls[0]?.cutAt, undefined);
  await assertNothingLeft(all);
});

streamTest(
  "a microservice that breaks off: an error at the caller, a dead letter, no retry",
  async (broker) => {
    for (const headers of [events, { "content-length": "1000000" }]) {
      await using all = await given(broker, ({ response }) => {
        response.writeHead(200, headers);
        response.write("data: 1\n\n", () => setTimeout(() => response.destroy(), 50));
      });
      const response = await fetch(`${all.stack.url}/events`);
      assert.equal(response.status, 200);
      let text = "";
      await assert.rejects(async () => {
        for await (const part of texts(response)) text += part;
      });
      assert.equal(text, "data: 1\n\n");
      await eventually(async () =>
        await all.back("dequeuer_processed_total", { outcome: "broken-off" }) === 1
      );
      assert.equal(all.upstream.calls.length, 1);
      assert.equal(await all.front("enqueuer_streams_total", { end: "broken-off" }), 1);
      await assertNothingLeft(all, 1);
    }
  },
);

streamTest(
  "a microservice that falls silent: timed out between its pieces, not by the whole",
  async (broker) => {
    await using all = await given(broker, async ({ response }) => {
      response.writeHead(200, events);
      // Its pace is what is tested: longer in all than either time, and far below the one in between.
      for (let i = 0; i < 8; i++) {
        response.write("data\n\n");
        await delay(200);
      }
    }, { DEQUEUER_TIMEOUT: "1s", ENQUEUER_REPLY_TIMEOUT: "800ms" });
    const response = await fetch(`${all.stack.url}/events`);
    let text = "";
    await assert.rejects(async () => {
      for await (const part of texts(response)) text += part;
    });
    assert.equal(text, "data\n\n".repeat(8));
    await assertNothingLeft(all, 1);
  },
);

streamTest(
  "a dequeuer whose drain is over in mid-stream: an error, and a dead letter",
  async (broker) => {
    await using all = await given(broker, ({ response }) => {
      response.writeHead(200, events);
      response.write("data: 1\n\n");
    });
    const { stack, place, service, front } = all;
    const response = await fetch(`${stack.url}/events`);
    const iterator = texts(response);
    assert.equal((await iterator.next()).value, "data: 1\n\n");
    await stack.dequeuer.close(AbortSignal.timeout(50));
    await assert.rejects(iterator.next());
    assert.equal(await front("enqueuer_streams_total", { end: "broken-off" }), 1);
    const handle = await place.open();
    await eventually(async () => (await handle.stats(requestQueue(service))).dead === 1);
  },
);
