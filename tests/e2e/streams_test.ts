import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, type BrokerUnderTest, eventually, type TestBroker } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { sendRaw, valuesOf } from "./raw_http.ts";
import { type Env, type Stack, startStack } from "./stack.ts";
import {
  isPatterned,
  patterned,
  type StreamCall,
  type StreamService,
  streamService,
  writePatterned,
} from "./stream_service.ts";

/** A microservice whose responses stream, behind a queue. */
interface Given extends AsyncDisposable {
  readonly place: TestBroker;
  readonly service: string;
  readonly upstream: StreamService;
  readonly stack: Stack;
  readonly front: (name: string, labels?: Env) => Promise<number>;
  readonly back: (name: string, labels?: Env) => Promise<number>;
}

async function given(
  broker: BrokerUnderTest,
  answer: (call: StreamCall) => void | Promise<void>,
  env: Env = {},
): Promise<Given> {
  await using resources = new AsyncDisposableStack();
  const place = resources.use(await broker.setUp());
  const service = place.service();
  const upstream = resources.use(await streamService(answer));
  const stack = resources.use(
    await startStack({ brokerUrl: place.url, service, target: upstream.url, env }),
  );
  const owned = resources.move();
  return {
    place,
    service,
    upstream,
    stack,
    front: (name, labels) => metric(stack.enqueuer.server.url, name, labels),
    back: (name, labels) => metric(stack.dequeuer.server.url, name, labels),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Nothing is left of streams, and so many dead letters. */
async function assertNothingLeft(
  { place, service, front, back }: Given,
  dead = 0,
): Promise<void> {
  const handle = await place.open();
  await eventually(async () => {
    const stats = await handle.stats(requestQueue(service));
    assert.equal(stats.ready, 0);
    assert.equal(stats.inFlight ?? 0, 0);
    assert.equal(stats.dead, dead);
    assert.equal(await front("enqueuer_streams_open"), 0);
    assert.equal(await front("enqueuer_waiting_callers"), 0);
    assert.equal(await back("dequeuer_streams_open"), 0);
    assert.equal(await back("dequeuer_in_flight"), 0);
    return true;
  });
}

const events = { "content-type": "text/event-stream" };

/** The text of a response, piece by piece. */
async function* texts(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) yield decoder.decode(chunk, { stream: true });
}

for (const broker of brokersUnderTest.filter(({ name }) => name !== "rabbitmq classic")) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}, over ${broker.name}`, ignore: broker.missing !== undefined, fn });

  test("events arrive one by one, as the microservice sends them", async () => {
    const writeNext: (() => void)[] = [];
    await using all = await given(broker, async ({ response }) => {
      response.writeHead(200, events).flushHeaders();
      for (let i = 0; i < 5; i++) {
        await new Promise<void>((resolve) => writeNext.push(resolve));
        response.write(`data: ${i}\n\n`);
      }
      response.end();
    });
    const response = await fetch(`${all.stack.url}/events`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    let expected = 0;
    const delays: number[] = [];
    let sentAt = performance.now();
    writeNext.shift()?.();
    // Each is sent only when the one before has arrived: none may wait for another.
    for await (const text of texts(response)) {
      assert.equal(text, `data: ${expected++}\n\n`);
      delays.push(performance.now() - sentAt);
      if (expected === 5) continue;
      await eventually(() => writeNext.length > 0);
      sentAt = performance.now();
      writeNext.shift()?.();
    }
    assert.equal(expected, 5);
    const quickest = Math.min(...delays);
    assert.ok(quickest < 50, `an event took ${quickest} ms at best`);
    assert.equal(await all.front("enqueuer_streams_total", { end: "complete" }), 1);
    await eventually(async () =>
      await all.back("dequeuer_processed_total", { outcome: "streamed" }) === 1
    );
    await assertNothingLeft(all);
  });

  test("a large response of a known length keeps it", async () => {
    const size = 3 * 2 ** 20;
    await using all = await given(broker, ({ response }) => {
      response.writeHead(200, { "content-length": size, "set-cookie": ["a=1", "b=2"] });
      response.end(patterned(0, size));
    });
    const got = await sendRaw(`${all.stack.url}/large`);
    assert.equal(got.status, 200);
    assert.deepEqual(valuesOf(got.headers, "content-length"), [String(size)]);
    assert.deepEqual(valuesOf(got.headers, "transfer-encoding"), []);
    assert.deepEqual(valuesOf(got.headers, "set-cookie"), ["a=1", "b=2"]);
    assert.equal(got.body.byteLength, size);
    assert.ok(isPatterned(got.body, 0));
    assert.equal(await all.front("enqueuer_streams_total", { end: "complete" }), 1);
    await assertNothingLeft(all);
  });

  test("small chunked responses, and those without a body, are whole messages", async () => {
    await using all = await given(broker, ({ response, path }) => {
      if (path === "/chunked") {
        response.write("hello ");
        response.end("world");
      } else if (path === "/head") response.writeHead(200, { "content-length": 5_000_000 }).end();
      else response.writeHead(Number(path.slice(1)), { etag: '"1"' }).end();
    });
    assert.equal(await (await fetch(`${all.stack.url}/chunked`)).text(), "hello world");
    const head = await sendRaw(`${all.stack.url}/head`, { method: "HEAD" });
    assert.deepEqual(valuesOf(head.headers, "content-length"), ["5000000"]);
    for (const status of [204, 304]) {
      const got = await sendRaw(`${all.stack.url}/${status}`);
      assert.equal(got.status, status);
      assert.deepEqual(valuesOf(got.headers, "etag"), ['"1"']);
      assert.equal(got.body.byteLength, 0);
    }
    assert.equal(await all.back("dequeuer_stream_frames_total"), 0);
    await assertNothingLeft(all);
  });

  test("a chunked response that does not end at once streams, of whatever type", async () => {
    let finish = () => {};
    await using all = await given(broker, ({ response }) => {
      response.writeHead(201, { "content-type": "text/plain" });
      response.write("first");
      finish = () => response.end("last");
    });
    const response = await fetch(`${all.stack.url}/slow`, { method: "POST", body: "x" });
    assert.equal(response.status, 201);
    const got: string[] = [];
    for await (const text of texts(response)) {
      got.push(text);
      if (got.length === 1) finish();
    }
    assert.deepEqual(got, ["first", "last"]);
    await assertNothingLeft(all);
  });

  test("a caller that takes nothing stops the microservice, and gets all of it in the end", async () => {
    const total = 32 * 2 ** 20;
    let written = 0;
    await using all = await given(broker, async ({ response }) => {
      response.writeHead(200);
      await writePatterned(response, total, (bytes) => written += bytes.byteLength);
      response.end();
    });
    const { hostname, port, pathname } = new URL(`${all.stack.url}/firehose`);
    const socket = connect(Number(port), hostname);
    const chunks: Uint8Array[] = [];
    socket.pause();
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
    await eventually(async () => await all.front("enqueuer_streams_open") === 1);
    // It stands still once the sockets and the window are full.
    let before = -1;
    await eventually(async () => {
      const now = written;
      const still = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return still && now === written;
    });
    assert.ok(written < 24 * 2 ** 20, `${written} bytes were made for a caller that takes none`);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.resume();
    await once(socket, "close");
    assert.equal(written, total);
    const text = Buffer.concat(chunks);
    assert.ok(text.byteLength > total);
    assert.equal(text.subarray(-5).toString(), "0\r\n\r\n", "the chunked body has its end");
    await assertNothingLeft(all);
  });

  test("a caller that hangs up cuts the microservice within a second", async () => {
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

  test("so does one that had sent a long prompt, when the next tokens are for nobody", async () => {
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
  });

  test("finish: a caller that hangs up leaves the microservice to its end", async () => {
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

  test("a microservice that breaks off: an error at the caller, a dead letter, no retry", async () => {
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
  });

  test("a microservice that falls silent: timed out between its pieces, not by the whole", async () => {
    await using all = await given(broker, async ({ response }) => {
      response.writeHead(200, events);
      for (let i = 0; i < 6; i++) {
        response.write("data\n\n");
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    }, { DEQUEUER_TIMEOUT: "500ms", ENQUEUER_REPLY_TIMEOUT: "400ms" });
    const response = await fetch(`${all.stack.url}/events`);
    let text = "";
    await assert.rejects(async () => {
      for await (const part of texts(response)) text += part;
    });
    assert.equal(text, "data\n\n".repeat(6));
    await assertNothingLeft(all, 1);
  });

  test("a dequeuer whose drain is over in mid-stream: an error, and a dead letter", async () => {
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
  });

  test("a status that is tried again never streams", async () => {
    await using all = await given(broker, ({ response }) => {
      const first = all.upstream.calls.length === 1;
      response.writeHead(first ? 503 : 200, events);
      response.end(first ? "not yet" : "data: 1\n\n");
    }, { DEQUEUER_RETRY_BASE: "10ms" });
    assert.equal(await (await fetch(`${all.stack.url}/events`)).text(), "data: 1\n\n");
    assert.equal(all.upstream.calls.length, 2);
    await assertNothingLeft(all);
  });

  test("a response that is kept for later is collected", async () => {
    await using all = await given(broker, ({ response }) => {
      response.writeHead(200, events);
      response.write("data: 1\n\n", () => setTimeout(() => response.end("data: 2\n\n"), 50));
    });
    const headers = { "idempotency-key": '"k"' };
    const url = `${all.stack.url}/events`;
    const first = await fetch(url, { method: "POST", headers });
    assert.equal(await first.text(), "data: 1\n\ndata: 2\n\n");
    assert.equal(
      await (await fetch(url, { method: "POST", headers })).text(),
      "data: 1\n\ndata: 2\n\n",
    );
    assert.equal(await all.back("dequeuer_stream_frames_total"), 0);
  });

  test("100 streams at once, each with its own events", async () => {
    await using all = await given(broker, async ({ response, path }) => {
      response.writeHead(200, events);
      for (let i = 0; i < 20; i++) {
        response.write(`data: ${path} ${i}\n\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      response.end();
    }, { DEQUEUER_CONCURRENCY: "100" });
    await Promise.all(Array.from({ length: 100 }, async (_, n) => {
      const text = await (await fetch(`${all.stack.url}/${n}`)).text();
      const expected = Array.from({ length: 20 }, (_, i) => `data: /${n} ${i}\n\n`).join("");
      assert.equal(text, expected.replaceAll("/proxy", ""));
    }));
    assert.equal(await all.front("enqueuer_streams_total", { end: "complete" }), 100);
    await assertNothingLeft(all);
  });
}
