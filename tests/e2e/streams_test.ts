import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { eventually } from "../brokers.ts";
import { sendRaw, valuesOf } from "./raw_http.ts";
import { isPatterned, patterned, writePatterned } from "./stream_service.ts";
import { assertNothingLeft, events, given, streamTest, texts } from "./stream_stack.ts";

streamTest("events arrive one by one, as the microservice sends them", async (broker) => {
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

streamTest("a large response of a known length keeps it", async (broker) => {
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

streamTest(
  "small chunked responses, and those without a body, are whole messages",
  async (broker) => {
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
  },
);

streamTest(
  "a chunked response that does not end at once streams, of whatever type",
  async (broker) => {
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
  },
);

streamTest(
  "a caller that takes nothing stops the microservice, and gets all of it in the end",
  async (broker) => {
    const total = 32 * 2 ** 20;
    let written = 0;
    await using all = await given(broker, async ({ response, path }) => {
      response.writeHead(200, { trailer: "x-sum" });
      response.addTrailers({ "x-sum": "1" });
      const count = (bytes: Uint8Array) => void (written += bytes.byteLength);
      await writePatterned(response, total, path === "/firehose" ? count : undefined);
      response.end();
    });
    const { hostname, port, pathname } = new URL(`${all.stack.url}/firehose`);
    const socket = connect(Number(port), hostname);
    const chunks: Uint8Array[] = [];
    socket.pause();
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
    await eventually(async () => await all.front("enqueuer_streams_open") === 1);
    // Another of the same size, begun later on the same way, comes through meanwhile.
    const taken = await (await fetch(`${all.stack.url}/taken`)).bytes();
    assert.equal(taken.byteLength, total);
    assert.ok(written < 24 * 2 ** 20, `${written} bytes were made for a caller that takes none`);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.resume();
    await once(socket, "close");
    assert.equal(written, total);
    const text = Buffer.concat(chunks);
    assert.ok(text.byteLength > total);
    assert.equal(
      text.subarray(-5).toString(),
      "0\r\n\r\n",
      "the chunked body has its end, and no trailers",
    );
    await assertNothingLeft(all);
  },
);

streamTest("a status that is tried again never streams", async (broker) => {
  await using all = await given(broker, ({ response }) => {
    const first = all.upstream.calls.length === 1;
    response.writeHead(first ? 503 : 200, events);
    response.end(first ? "not yet" : "data: 1\n\n");
  }, { DEQUEUER_RETRY_BASE: "10ms" });
  assert.equal(await (await fetch(`${all.stack.url}/events`)).text(), "data: 1\n\n");
  assert.equal(all.upstream.calls.length, 2);
  await assertNothingLeft(all);
});

streamTest("100 streams at once, each with its own events", async (broker) => {
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
