import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { brokersUnderTest } from "../brokers.ts";
import { streamService, writePatterned } from "../e2e/stream_service.ts";
import { metric } from "../support/metrics.ts";
import { eventually } from "../support/waiting.ts";
import { startDequeuer, startEnqueuer } from "./service_process.ts";

/** How much passes through, bytes. */
const total = 96 * 2 ** 20;
/** By how much a process may grow meanwhile, bytes: what passes through is far more. */
const mostGrowth = 64 * 2 ** 20;

function rss(url: string): Promise<number> {
  return metric(url, "process_resident_memory_bytes");
}

for (
  const broker of brokersUnderTest.filter(({ name }) => /^(sqlite|rabbitmq q)/.test(name))
) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}, over ${broker.name}`, ignore: broker.missing !== undefined, fn });

  test("a large response passes two processes, which keep their size", async () => {
    const hash = createHash("sha256");
    await using place = await broker.setUp();
    const service = place.service();
    await using upstream = await streamService(async ({ response, path }) => {
      const size = path === "/large" ? total : 4 * 2 ** 20;
      response.writeHead(200, { "content-length": size });
      await writePatterned(response, size, (bytes) => {
        if (path === "/large") hash.update(bytes);
      });
      response.end();
    });
    const env = { BROKER_URL: place.url };
    await using enqueuer = startEnqueuer(env);
    await using dequeuer = startDequeuer({
      ...env,
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: upstream.url,
    });
    const urls = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
    const url = `${urls[0]}/proxy/${service}`;
    for (let i = 0; i < 4; i++) await (await fetch(`${url}/warm-up`)).arrayBuffer();
    const before = await Promise.all(urls.map(rss));
    const most = [...before];
    const got = createHash("sha256");
    let read = 0;
    let lookAt = 0;
    for await (const chunk of (await fetch(`${url}/large`)).body ?? []) {
      got.update(chunk);
      read += chunk.byteLength;
      if (read < lookAt) continue;
      lookAt += total / 12;
      const now = await Promise.all(urls.map(rss));
      now.forEach((bytes, i) => most[i] = Math.max(most[i] ?? 0, bytes));
    }
    assert.equal(read, total);
    assert.equal(got.digest("hex"), hash.digest("hex"));
    const growth = most.map((bytes, i) => bytes - (before[i] ?? 0));
    for (const bytes of growth) assert.ok(bytes < mostGrowth, `grew by ${growth.join(" and ")}`);
    assert.deepEqual([...enqueuer.troubles, ...dequeuer.troubles], []);
  });

  test("a dequeuer that is killed while it streams: an error, and no second run", async () => {
    await using place = await broker.setUp();
    const service = place.service();
    await using upstream = await streamService(({ response, path }) => {
      if (path === "/quick") return void response.end("here");
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const env = { BROKER_URL: place.url };
    const back = { ...env, DEQUEUER_SERVICE: service, DEQUEUER_TARGET_URL: upstream.url };
    await using enqueuer = startEnqueuer(env);
    await using dequeuer = startDequeuer(back);
    const [front] = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
    const response = await fetch(`${front}/proxy/${service}/events`);
    let text = "";
    const ended = assert.rejects(async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk);
    });
    await eventually(() => text !== "");
    dequeuer.signal("SIGKILL");
    const killedAt = performance.now();
    await dequeuer.exited();
    await using other = startDequeuer(back);
    const otherUrl = await other.ready();
    await ended;
    const ms = performance.now() - killedAt;
    assert.ok(ms < 13_000, `the caller was told after ${ms} ms`);
    assert.equal(text, "data: 1\n\n");
    // It comes again, and is stopped at its first frame at the latest.
    await eventually(async () =>
      await metric(otherUrl, "dequeuer_processed_total", { outcome: "cancelled" }) === 1
    );
    await eventually(() => upstream.calls.every(({ cutAt }) => cutAt !== undefined));
    assert.equal(await (await fetch(`${front}/proxy/${service}/quick`)).text(), "here");
    assert.equal(await metric(front, "enqueuer_streams_total", { end: "broken-off" }), 1);
    assert.equal(enqueuer.troubles.length, 1);
    assert.match(enqueuer.troubles[0]?.message ?? "", /broke off: .*nothing came/);
  });

  test("an enqueuer that is killed while it streams: the microservice is cut", async () => {
    await using place = await broker.setUp();
    const service = place.service();
    await using upstream = await streamService(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const env = { BROKER_URL: place.url };
    await using enqueuer = startEnqueuer(env);
    await using dequeuer = startDequeuer({
      ...env,
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: upstream.url,
    });
    const [front, back] = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
    const response = await fetch(`${front}/proxy/${service}/events`);
    assert.equal(response.status, 200);
    enqueuer.signal("SIGKILL");
    await assert.rejects(response.text());
    await eventually(() => upstream.calls[0]?.cutAt !== undefined);
    await eventually(async () =>
      await metric(back, "dequeuer_processed_total", { outcome: "cancelled" }) === 1
    );
    assert.equal(await metric(back, "dequeuer_streams_open"), 0);
  });
}
