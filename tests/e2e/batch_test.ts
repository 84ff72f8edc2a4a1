import assert from "node:assert/strict";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, type BrokerUnderTest, eventually, type TestBroker } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { type BatchItem, type BatchService, batchService, echo, Refusal } from "./batch_service.ts";
import { fetchCaller } from "./callers.ts";
import { type Env, type Stack, startStack } from "./stack.ts";

/** A microservice that takes batches, behind a queue. */
interface Given extends AsyncDisposable {
  readonly upstream: BatchService;
  readonly stack: Stack;
  /** A metric of the dequeuer. */
  readonly back: (name: string, labels?: Env) => Promise<number>;
  /** Waits until that many requests wait in the queue or are held, and none is in a call. */
  readonly stats: () => Promise<{ ready: number; dead: number }>;
}

async function given(
  broker: BrokerUnderTest,
  answer: (items: readonly BatchItem[], signal: AbortSignal) => unknown,
  env: Env = {},
): Promise<Given> {
  await using resources = new AsyncDisposableStack();
  const place: TestBroker = resources.use(await broker.setUp());
  const service = place.service();
  const upstream = resources.use(await batchService(answer));
  const stack = resources.use(
    await startStack({
      brokerUrl: place.url,
      service,
      target: upstream.url,
      env: {
        DEQUEUER_BATCH_SIZE: "8",
        DEQUEUER_CONCURRENCY: "1",
        DEQUEUER_RETRY_BASE: "20ms",
        DEQUEUER_MAX_ATTEMPTS: "3",
        ...env,
      },
    }),
  );
  const handle = await place.open();
  const owned = resources.move();
  return {
    upstream,
    stack,
    back: (name, labels) => metric(stack.dequeuer.server.url, name, labels),
    stats: () => handle.stats(requestQueue(service)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const post = (url: string, body: unknown) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** Holds calls back until it is opened. */
function door() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

for (const broker of brokersUnderTest) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}, over ${broker.name}`, ignore: broker.missing !== undefined, fn });

  test("many callers' requests in few calls, each with a response of its own", async () => {
    await using all = await given(broker, echo);
    const { stack, upstream, back } = all;
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, n) => post(`${stack.url}/embed?n=${n}`, { n })),
    );
    for (const [n, response] of responses.entries()) {
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), {
        method: "POST",
        path: `/embed?n=${n}`,
        body: { n },
      });
    }
    const sizes = upstream.batches.map(({ length }) => length);
    assert.equal(sizes.reduce((sum, size) => sum + size, 0), 40);
    assert.ok(sizes.length <= 15 && Math.max(...sizes) <= 8, `${sizes}`);
    await eventually(async () =>
      await back("dequeuer_processed_total", { outcome: "answered" }) === 40
    );
    assert.equal(await back("dequeuer_batch_size_sum"), 40);
    assert.equal(await back("dequeuer_batches_total"), sizes.length);
    assert.equal(await back("dequeuer_batch_wait_seconds_count"), sizes.length);
    assert.equal(await back("dequeuer_prefetch"), 16);
    const [item] = upstream.batches[0] ?? [];
    assert.equal(item?.headers["proxymq-attempt"], "1");
    assert.equal(item?.headers["proxymq-request-id"], item?.id);
    assert.ok(Number(item?.headers["proxymq-deadline"]) > 10_000);
    assert.match(item?.headers["traceparent"] ?? "", /^00-/);
  });

  test("text as text, bytes as base64, there and back", async () => {
    await using all = await given(
      broker,
      (items) =>
        items.map(({ id, body, encoding, headers }) => ({
          id,
          status: 201,
          headers: { "content-type": headers["content-type"], "set-cookie": ["a=1", "b=2"] },
          body,
          encoding,
        })),
    );
    const send = (type: string, body: Uint8Array<ArrayBuffer>) =>
      fetch(all.stack.url, { method: "PUT", headers: { "content-type": type }, body });
    const bodies: [string, Uint8Array<ArrayBuffer>][] = [
      ["text/plain", new TextEncoder().encode("grüße\n")],
      ["application/octet-stream", new Uint8Array([0, 255, 10])],
      ["application/json", new TextEncoder().encode('{"n":1.5}')],
    ];
    for (const [type, body] of bodies) {
      const response = await send(type, body);
      assert.equal(response.status, 201);
      assert.equal(response.headers.get("content-type"), type);
      assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body);
    }
  });

  test("one that fails is tried again alone, its neighbours are answered", async () => {
    const attempts: string[] = [];
    await using all = await given(broker, (items) =>
      items.map(({ id, path, headers }) => {
        const bad = path.endsWith("/bad");
        if (bad) attempts.push(headers["proxymq-attempt"] ?? "");
        return { id, status: bad ? 503 : 200, body: path };
      }));
    const { stack, stats } = all;
    const paths = ["/a/good", "/a/bad", "/a/good"];
    const responses = await Promise.all(paths.map((path) => post(stack.url + path, {})));
    assert.deepEqual(responses.map(({ status }) => status), [200, 503, 200]);
    assert.equal(await responses[1]?.text(), "/a/bad");
    await Promise.all([responses[0]?.text(), responses[2]?.text()]);
    assert.deepEqual(attempts, ["1", "2", "3"]);
    await eventually(async () => (await stats()).dead === 1);
  });

  test("poison fails its batch, but is alone in the end: the others lose no attempt", async () => {
    const seen = new Map<string, Set<string>>();
    await using all = await given(broker, (items) => {
      for (const { body, headers } of items) {
        const { name } = body as { name: string };
        const attempts = seen.get(name) ?? new Set();
        seen.set(name, attempts.add(headers["proxymq-attempt"] ?? ""));
      }
      const poisoned = items.some(({ body }) => (body as { name: string }).name === "poison");
      return poisoned ? new Refusal(503) : echo(items);
    });
    const { stack, stats } = all;
    const names = ["a", "b", "c", "poison", "d", "e", "f"];
    const responses = await Promise.all(names.map((name) => post(`${stack.url}/x`, { name })));
    for (const [i, response] of responses.entries()) {
      await response.text();
      assert.equal(response.status, names[i] === "poison" ? 503 : 200, names[i]);
    }
    for (const [name, attempts] of seen) {
      if (name !== "poison") assert.deepEqual([...attempts], ["1"], name);
    }
    assert.deepEqual([...seen.get("poison") ?? []], ["1", "2", "3"]);
    await eventually(async () => (await stats()).dead === 1);
  });

  test("ids that are left out, repeated or unknown: those items are tried again", async () => {
    let calls = 0;
    await using all = await given(broker, (items) => {
      const answers = echo(items) as { id: string }[];
      if (calls++ > 0) return answers;
      return [...answers.slice(1), { id: "unknown", status: 200 }];
    });
    const responses = await Promise.all([1, 2, 3].map((n) => post(`${all.stack.url}/x`, { n })));
    for (const [i, response] of responses.entries()) {
      assert.equal(response.status, 200);
      assert.deepEqual((await response.json()).body, { n: i + 1 });
    }
    assert.ok(calls >= 2);
  });

  test("cancelled while it waits: it leaves its batch; in flight: it loses its reply", async () => {
    const gate = door();
    let aborted = 0;
    await using all = await given(broker, async (items, signal) => {
      signal.addEventListener("abort", () => aborted++);
      await gate.opened;
      return echo(items);
    }, { DEQUEUER_BATCH_SIZE: "2" });
    const { stack, upstream, back } = all;
    const first = fetchCaller(`${stack.url}/x`);
    await eventually(() => upstream.batches.length === 1);
    const waiting = fetchCaller(`${stack.url}/x`);
    const kept = post(`${stack.url}/x`, { kept: true });
    await eventually(async () => await back("dequeuer_queue_latency_seconds_count") === 3);
    waiting.hangUp();
    const cancelled = () => back("dequeuer_processed_total", { outcome: "cancelled" });
    await eventually(async () => await cancelled() === 1);
    first.hangUp();
    await eventually(async () => await cancelled() === 2);
    await eventually(() => aborted === 1);
    gate.open();
    assert.deepEqual((await (await kept).json()).body, { kept: true });
    assert.deepEqual(upstream.batches.map(({ length }) => length), [1, 1]);
  });

  test("a dequeuer that closes sends what waits, and finishes it", async () => {
    const gate = door();
    await using all = await given(broker, async (items) => {
      await gate.opened;
      return echo(items);
    }, { DEQUEUER_BATCH_LINGER_MS: "60000" });
    const { stack, upstream, back } = all;
    const responses = [1, 2, 3].map((n) => post(`${stack.url}/x`, { n }));
    await eventually(() => upstream.batches.length >= 1);
    await eventually(async () => await back("dequeuer_queue_latency_seconds_count") === 3);
    const closed = stack.dequeuer.close(AbortSignal.timeout(20_000));
    gate.open();
    await closed;
    for (const response of await Promise.all(responses)) {
      assert.equal(response.status, 200);
      await response.text();
    }
  });

  test("while the breaker is open requests wait and use up no attempt", async () => {
    let healthy = false;
    const attempts = new Set<string>();
    await using all = await given(broker, (items) => {
      if (!healthy) return new Refusal(503);
      for (const { headers } of items) attempts.add(headers["proxymq-attempt"] ?? "");
      return echo(items);
    }, {
      DEQUEUER_BATCH_SIZE: "2",
      DEQUEUER_BREAKER_FAILURES: "2",
      DEQUEUER_BREAKER_OPEN: "200ms",
    });
    const { stack, back, stats } = all;
    const responses = Array.from({ length: 10 }, (_, n) => post(`${stack.url}/x`, { n }));
    await eventually(async () => await back("dequeuer_breaker_state") === 2);
    healthy = true;
    for (const response of await Promise.all(responses)) {
      assert.equal(response.status, 200);
      await response.text();
    }
    await eventually(async () => await back("dequeuer_breaker_state") === 0);
    assert.equal((await stats()).dead, 0);
  });

  test("found by itself: auto takes all of a crowd, and answers right", async () => {
    await using all = await given(broker, async (items) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return echo(items);
    }, { DEQUEUER_BATCH_SIZE: "auto", DEQUEUER_CONCURRENCY: "auto" });
    const { stack, back } = all;
    await Promise.all(Array.from({ length: 50 }, async (_, caller) => {
      for (let n = 0; n < 20; n++) {
        const response = await post(`${stack.url}/x`, { caller, n });
        assert.deepEqual((await response.json()).body, { caller, n });
      }
    }));
    assert.ok(await back("dequeuer_batch_size_limit") >= 1);
    assert.ok(await back("dequeuer_concurrency_limit") >= 1);
  });
}
