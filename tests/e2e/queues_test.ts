import assert from "node:assert/strict";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, uniqueName } from "../brokers.ts";
import { microservice, startStack, testEnqueuer } from "./stack.ts";

type Json = Record<string, unknown>;

/** A GET of an enqueuer's, and its JSON. */
async function get(url: string): Promise<{ status: number; json: Json }> {
  const response = await fetch(url);
  return { status: response.status, json: await response.json() };
}

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `the state of a service's queue is told over HTTP, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn(t) {
      await using place = await broker.setUp();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      await using upstream = microservice(async () => {
        await released;
        return new Response("ok");
      });
      const [service, missing, other] = [place.service(), place.service(), place.service()];
      await using stack = await startStack({
        brokerUrl: place.url,
        service,
        target: upstream.url,
        env: { DEQUEUER_CONCURRENCY: "1", ENQUEUER_SERVICES: other },
      });
      const { url } = stack.enqueuer.server;
      const counts = broker.system !== "rabbitmq";
      const expect = (expected: Json) =>
        eventually(async () => {
          const { status, json } = await get(`${url}/queues/${service}`);
          assert.equal(status, 200);
          assert.deepEqual({ ...json, ...expected }, json);
          return json;
        });

      await t.step("an empty one", async () => {
        const json = await expect({ ready: 0, delayed: 0, dead: 0, consumers: 1 });
        assert.deepEqual(json, {
          service,
          ready: 0,
          ...(counts ? { in_flight: 0 } : {}),
          delayed: 0,
          dead: 0,
          consumers: 1,
        });
      });

      await t.step("of what waits, is in flight and is delayed", async () => {
        const callers = [1, 2, 3].map(() => fetch(stack.url));
        const send = (body: unknown) =>
          fetch(`${url}/send`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          });
        const later = { topic: service, payload: 1, delay: 60 };
        const [sent] = await Promise.all([send(later), send(later)]);
        const { id } = await sent.json();
        const json = await expect({ ready: 2, delayed: 2, ...(counts ? { in_flight: 1 } : {}) });
        if (counts) assert.ok(Number(json["oldest_age_ms"]) >= 0);
        else assert.ok(!("in_flight" in json || "oldest_age_ms" in json));

        const { json: list } = await get(`${url}/queues`);
        const items = list["items"] as Json[];
        assert.deepEqual(items.map(({ service }) => service), [service, other].sort());
        assert.deepEqual(items.map(({ delayed }) => delayed).sort(), [0, 2]);

        const cancelled = await fetch(`${url}/requests/${id}`, { method: "DELETE" });
        assert.equal(cancelled.status, 200);
        await cancelled.body?.cancel();
        // An embedded broker counts messages: it holds a cancelled one until it is due.
        if (!counts) await expect({ delayed: 1 });
        release();
        for (const caller of await Promise.all(callers)) assert.equal(await caller.text(), "ok");
        await expect({ ready: 0 });
      });

      await t.step("of a service that is not there, which makes no queue", async () => {
        const { status, json } = await get(`${url}/queues/${missing}`);
        assert.equal(status, 404);
        assert.equal(json["type"], "urn:proxymq:problem:service-not-found");
        const handle = await place.open();
        await assert.rejects(handle.stats(requestQueue(missing)), QueueNotFoundError);
      });

      await t.step("a dead letter counts", async () => {
        const handle = await place.open();
        await handle.publish({ queue: requestQueue(service) }, [
          { body: new Uint8Array(0), headers: {} },
        ]);
        await expect({ dead: 1, ready: 0 });
      });
    },
  });
}

Deno.test("queues: what is no name of a service is 400, and a broker that is down is 503", async () => {
  const env = { BROKER_URL: "amqp://127.0.0.1:1", ENQUEUER_DEFAULT_SERVICE: "main" };
  await using enqueuer = await testEnqueuer(env);
  enqueuer.ready.catch(() => {});
  const { url } = enqueuer.server;
  const bad = await get(`${url}/queues/Main`);
  assert.equal(bad.status, 400);
  assert.match(String(bad.json["detail"]), /a-z 0-9/);
  for (const path of ["/queues", "/queues/main"]) {
    const { status, json } = await get(url + path);
    assert.equal(status, 503);
    assert.equal(json["type"], "urn:proxymq:problem:broker-unavailable");
  }
});

Deno.test("queues: a service without a queue is left out of the list, until it has one", async () => {
  const brokerUrl = `memory:${uniqueName("list")}`;
  await using enqueuer = await testEnqueuer({
    BROKER_URL: brokerUrl,
    ENQUEUER_DEFAULT_SERVICE: "main",
  });
  await enqueuer.ready;
  const { url } = enqueuer.server;
  assert.deepEqual(await get(`${url}/queues`), { status: 200, json: { items: [] } });
  await using upstream = microservice(() => new Response("ok"));
  await using stack = await startStack({ brokerUrl, service: "main", target: upstream.url });
  const { json } = await get(`${url}/queues`);
  assert.deepEqual((json["items"] as Json[]).map(({ service }) => service), ["main"]);
  const others = await get(`${stack.enqueuer.server.url}/queues`);
  assert.deepEqual(others.json, { items: [] });
  assert.equal(await (await fetch(stack.url)).text(), "ok");
  const known = await get(`${stack.enqueuer.server.url}/queues`);
  assert.equal((known.json["items"] as Json[]).length, 1);
});
