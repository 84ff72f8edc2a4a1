import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { callbackService, requestQueue } from "../../shared/service_name.ts";
import { eventually } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { receiver, secrets } from "./callback_receiver.ts";
import {
  answering,
  ask,
  callbackEnv,
  deadCallbacks,
  forEachBroker,
  listedCallbacks,
  started,
} from "./callback_stack.ts";
import { microservice, testDequeuer, testEnqueuer } from "./stack.ts";

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

forEachBroker("a response comes back, and is called back, signed", async (place) => {
  await using upstream = answering();
  await using first = receiver();
  await using second = receiver({ secret: secrets[1] });
  await using stack = await started(place, upstream.url, `${first.url},${second.url}`);
  const response = await ask(`${stack.url}/200`, `${first.hook}#part`);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '{"n":12345678901234567890}');
  await eventually(() => first.arrived.length === 1);
  const { headers, path, document } = first.arrived[0]!;
  assert.equal(path, "/hook");
  assert.ok(document, "the documented receiver has verified it");
  assert.equal(document.type, "request.succeeded");
  assert.ok(Math.abs(Date.parse(document.timestamp) - Date.now()) < 30_000);
  const { data } = document;
  assert.equal(headers.get("webhook-id"), data.id);
  assert.match(headers.get("user-agent") ?? "", /^ProxyMQ\//);
  assert.equal(headers.get("content-type"), "application/json");
  assert.match(data.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(stack.url, `${stack.enqueuer.server.url}/proxy/${data.service}`);
  assert.equal(data.state, "succeeded");
  assert.equal(data.status, 200);
  assert.deepEqual(data.headers?.["set-cookie"], ["a=1", "b=2"]);
  assert.deepEqual(data.body, { n: 12345678901234567890 });

  for (const path of ["/404/text", "/200/bytes"]) {
    await (await ask(stack.url + path, second.hook)).body?.cancel();
  }
  await eventually(() => second.arrived.length === 2);
  const told = second.arrived.map(({ document }) => [
    document?.type,
    document?.data.status,
    document?.data.body,
    document?.data.encoding,
  ]);
  assert.deepEqual(told.toSorted(), [
    ["request.failed", 404, "täxt", undefined],
    ["request.succeeded", 200, "AP8=", "base64"],
  ]);
  await eventually(async () =>
    await metric(stack.enqueuer.server.url, "enqueuer_callbacks_total", {
      outcome: "delivered",
    }) ===
      3
  );
  const { total } = await deadCallbacks(stack.enqueuer.server.url);
  assert.equal(total, 0);
});

forEachBroker("a receiver that is down gets its callback when it is up", async (place) => {
  await using upstream = answering();
  let up = false;
  let arrived = 0;
  const server = createServer((_request, response) => {
    arrived++;
    response.end();
  });
  server.on("connection", (socket) => void (up || socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using _ = { [Symbol.asyncDispose]: () => closed(server) };
  const hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using stack = await started(place, upstream.url, hook, {
    ENQUEUER_CALLBACK_RETRY_BASE: "500ms",
    ENQUEUER_CALLBACK_RETRY_MAX: "1s",
  });
  await (await ask(`${stack.url}/200`, hook)).body?.cancel();
  const retries = () =>
    metric(stack.enqueuer.server.url, "enqueuer_callbacks_total", { outcome: "retry" });
  await eventually(async () => await retries() >= 1);
  assert.equal((await fetch(`${stack.enqueuer.server.url}/health/ready`)).status, 200);
  assert.equal(arrived, 0);
  up = true;
  await eventually(() => arrived === 1);
});

forEachBroker("a receiver that hangs does not hold up the others", async (place) => {
  await using upstream = answering();
  await using hook = receiver();
  await using hanging = receiver();
  const held = Promise.withResolvers<Response>();
  hanging.answer = () => held.promise;
  await using stack = await started(place, upstream.url, `${hook.url},${hanging.url}`, {
    ENQUEUER_CALLBACK_TIMEOUT: "1s",
  });
  await Promise.all(Array.from({ length: 200 }, async () => {
    await (await ask(`${stack.url}/200`, hanging.hook)).body?.cancel();
  }));
  const start = performance.now();
  await (await ask(`${stack.url}/200`, hook.hook)).body?.cancel();
  await eventually(() => hook.arrived.length === 1);
  const ms = performance.now() - start;
  assert.ok(ms < 4_000, `it arrived after ${ms} ms`);
  held.resolve(new Response());
});

forEachBroker("a callback that nobody takes is a dead letter, and is replayed", async (place) => {
  await using upstream = answering();
  await using hook = receiver();
  await using stack = await started(place, upstream.url, hook.url, {
    ENQUEUER_CALLBACK_MAX_ATTEMPTS: "3",
  });
  const { url } = stack.enqueuer.server;
  hook.answer = () => new Response("not now", { status: 500 });
  await (await ask(`${stack.url}/201`, hook.hook)).body?.cancel();
  const [letter] = await listedCallbacks(url, 1);
  assert.equal(hook.arrived.length, 3);
  const ids = new Set(hook.arrived.map(({ headers }) => headers.get("webhook-id")));
  assert.deepEqual([...ids], [letter?.id]);
  assert.ok(hook.arrived.every(({ document }) => document), "each attempt is signed for its time");
  assert.equal(letter?.reason, "status-500");
  assert.equal(letter?.attempts, 3);
  const shown = await deadCallbacks(url, "GET", `/${letter?.id}`);
  assert.equal(shown["last_response"], "not now");
  assert.equal((shown["history"] as unknown[]).length, 3);

  hook.answer = undefined;
  assert.equal((await deadCallbacks(url, "POST", "/replay", { all: true }))["replayed"], 1);
  await eventually(() => hook.arrived.length === 4);
  assert.equal(hook.arrived[3]?.document?.data.status, 201);
  assert.equal(hook.arrived[3]?.headers.get("webhook-id"), letter?.id);
  await eventually(async () => (await deadCallbacks(url))["total"] === 0);
});

forEachBroker("410 ends it at once, and a redirect is not followed", async (place) => {
  await using upstream = answering();
  await using hook = receiver();
  await using elsewhere = receiver();
  await using stack = await started(place, upstream.url, hook.url, {
    ENQUEUER_CALLBACK_MAX_ATTEMPTS: "2",
  });
  const { url } = stack.enqueuer.server;
  const reasons = async (count: number) =>
    (await listedCallbacks(url, count)).map(({ reason }) => reason).toSorted();
  hook.answer = () => new Response(null, { status: 410 });
  await (await ask(`${stack.url}/200`, hook.hook)).body?.cancel();
  assert.deepEqual(await reasons(1), ["status-410"]);
  assert.equal(hook.arrived.length, 1);
  hook.answer = () => new Response(null, { status: 307, headers: { location: elsewhere.hook } });
  await (await ask(`${stack.url}/200`, hook.hook)).body?.cancel();
  assert.deepEqual(await reasons(2), ["status-307", "status-410"]);
  assert.equal(hook.arrived.length, 3);
  assert.equal(elsewhere.arrived.length, 0);
});

forEachBroker("of two enqueuers one delivers each callback", async (place) => {
  await using upstream = answering();
  await using hook = receiver();
  await using stack = await started(place, upstream.url, hook.url);
  await using second = await testEnqueuer({ BROKER_URL: place.url, ...callbackEnv(hook.url) });
  await second.ready;
  const front = `${second.server.url}/proxy/${stack.url.split("/").at(-1)}`;
  const urls = Array.from({ length: 40 }, (_, i) => i % 2 ? stack.url : front);
  await Promise.all(urls.map(async (url) => {
    await (await ask(`${url}/200`, hook.hook)).body?.cancel();
  }));
  const delivered = async () => {
    const each = [stack.enqueuer, second].map(({ server }) =>
      metric(server.url, "enqueuer_callbacks_total", { outcome: "delivered" })
    );
    return await Promise.all(each);
  };
  await eventually(async () => {
    const [one = 0, other = 0] = await delivered();
    return one + other === 40;
  });
  const ids = hook.arrived.map(({ document }) => document?.data.id);
  assert.equal(ids.length, 40);
  assert.equal(new Set(ids).size, 40);
});

forEachBroker("a callback outlives the enqueuer that took its request", async (place) => {
  const gate = Promise.withResolvers<void>();
  await using upstream = microservice(async () => {
    await gate.promise;
    return new Response("late");
  });
  await using hook = receiver();
  const service = place.service();
  const env = { BROKER_URL: place.url, ...callbackEnv(hook.url) };
  await using dequeuer = await testDequeuer({
    ...env,
    DEQUEUER_SERVICE: service,
    DEQUEUER_TARGET_URL: upstream.url,
  });
  await dequeuer.ready;
  const send = async () => {
    await using enqueuer = await testEnqueuer(env);
    await enqueuer.ready;
    const response = await fetch(`${enqueuer.server.url}/send`, {
      method: "POST",
      headers: { "content-type": "application/json", "proxymq-callback": hook.hook },
      body: JSON.stringify([{ topic: service, payload: 1 }, { topic: service, payload: 2 }]),
    });
    assert.equal(response.status, 202);
    return (await response.json()).results.map(({ id }: { id: string }) => id);
  };
  const ids = await send();
  gate.resolve();
  const broker = await place.open();
  await eventually(async () => (await broker.stats(requestQueue(callbackService))).ready === 2);
  assert.equal(hook.arrived.length, 0);
  await using enqueuer = await testEnqueuer(env);
  await enqueuer.ready;
  await eventually(() => hook.arrived.length === 2);
  assert.deepEqual(
    hook.arrived.map(({ document }) => document?.data.id).toSorted(),
    ids.toSorted(),
  );
});

forEachBroker("what a drain cuts off is delivered by another enqueuer", async (place) => {
  await using upstream = answering();
  await using hook = receiver();
  const held = Promise.withResolvers<Response>();
  hook.answer = () => held.promise;
  await using stack = await started(place, upstream.url, hook.url);
  await (await ask(`${stack.url}/200`, hook.hook)).body?.cancel();
  await eventually(() => hook.arrived.length === 1);
  const start = performance.now();
  await stack.enqueuer.close(AbortSignal.timeout(200));
  assert.ok(performance.now() - start < 5_000);
  hook.answer = undefined;
  held.resolve(new Response());
  await using second = await testEnqueuer({ BROKER_URL: place.url, ...callbackEnv(hook.url) });
  await eventually(() => hook.arrived.length === 2);
  assert.equal(
    hook.arrived[1]?.headers.get("webhook-id"),
    hook.arrived[0]?.headers.get("webhook-id"),
  );
  await second.ready;
});
