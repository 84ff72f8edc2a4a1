import assert from "node:assert/strict";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, rabbitmqWithPriorities } from "../brokers.ts";
import { microservice, startStack, testEnqueuer } from "./stack.ts";

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

for (const broker of [...brokersUnderTest, rabbitmqWithPriorities]) {
  Deno.test({
    name: `a priority puts requests in order, or is refused, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn(t) {
      await using place = await broker.setUp();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const came: string[] = [];
      await using upstream = microservice(async (request) => {
        const { pathname } = new URL(request.url);
        came.push(request.method === "POST" ? await request.json() : pathname);
        await released;
        return new Response("ok");
      });
      const service = place.service();
      await using stack = await startStack({
        brokerUrl: place.url,
        service,
        target: upstream.url,
        env: { DEQUEUER_CONCURRENCY: "1" },
      });
      const handle = await place.open();
      const { priorities } = handle.capabilities;
      const sendUrl = `${stack.enqueuer.server.url}/send`;
      const call = (path: string, priority?: string) =>
        fetch(stack.url + path, {
          headers: priority === undefined ? {} : { "proxymq-priority": priority },
        });

      if (priorities === "none") {
        await t.step("one from 1 on is refused, with what to do", async () => {
          const response = await call("/x", "1");
          assert.equal(response.status, 400);
          const problem = await response.json();
          assert.equal(problem.type, "urn:proxymq:problem:no-priorities");
          assert.match(problem.detail, /the priority is 1, and the broker has no priorities/);
          if (broker.system === "rabbitmq") {
            assert.match(problem.detail, /RABBITMQ_QUEUE_TYPE=classic-priority/);
          }
          const sent = await post(sendUrl, { topic: service, payload: "x", priority: 9 });
          assert.equal(sent.status, 400);
          assert.equal((await sent.json()).type, "urn:proxymq:problem:no-priorities");
        });
        await t.step("of an array, it alone is refused; and 0 is not", async () => {
          release();
          const sent = await post(sendUrl, [
            { topic: service, payload: "refused", priority: 1 },
            { topic: service, payload: "taken", priority: 0 },
          ]);
          assert.equal(sent.status, 207);
          const { results } = await sent.json();
          assert.equal(results[0].problem.type, "urn:proxymq:problem:no-priorities");
          assert.equal(await (await call("/zero", "0")).text(), "ok");
          await eventually(() => came.length === 2);
          assert.deepEqual(new Set(came), new Set(["taken", "/zero"]));
        });
        return;
      }
      const ready = (count: number) =>
        eventually(async () => (await handle.stats(requestQueue(service))).ready === count);
      const calls = [call("/first")];
      await eventually(() => came.length === 1);
      // One after the other, so that they arrive in this order.
      const waiting = [
        () => calls.push(call("/low", "1")),
        () => post(sendUrl, { topic: service, payload: "none" }),
        () => calls.push(call("/high", "9")),
        () => post(sendUrl, { topic: service, payload: "high too", priority: 9 }),
      ];
      for (const [at, send] of waiting.entries()) {
        await send();
        await ready(at + 1);
      }
      release();
      for (const response of await Promise.all(calls)) assert.equal(await response.text(), "ok");
      await eventually(() => came.length === 5);
      const [urgent, others] = [["/high", "high too"], ["/low", "none"]];
      if (priorities === "strict") assert.deepEqual(came, ["/first", ...urgent, ...others]);
      assert.deepEqual(came.filter((one) => urgent.includes(one)), urgent);
      assert.deepEqual(came.filter((one) => others.includes(one)), others);
      assert.notEqual(came[1], others[0]);
    },
  });
}

Deno.test("a priority is 503 while nobody knows whether the broker has any", async () => {
  await using enqueuer = await testEnqueuer({ BROKER_URL: "amqp://127.0.0.1:1" });
  enqueuer.ready.catch(() => {});
  const { url } = enqueuer.server;
  for (
    const response of [
      await fetch(`${url}/proxy/main/x`, { headers: { "proxymq-priority": "1" } }),
      await post(`${url}/send`, { topic: "main", payload: 1, priority: 1 }),
    ]
  ) {
    assert.equal(response.status, 503);
    assert.equal((await response.json()).type, "urn:proxymq:problem:broker-unavailable");
  }
});
