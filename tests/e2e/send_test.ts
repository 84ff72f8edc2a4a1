import assert from "node:assert/strict";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { microservice, startStack } from "./stack.ts";

interface Got {
  readonly body: unknown;
  readonly type: string | null;
  readonly id: string | null;
  readonly at: number;
}

for (const broker of brokersUnderTest) {
  const ignore = broker.missing !== undefined;

  Deno.test({
    name: `a payload that is sent reaches the microservice, over ${broker.name}`,
    ignore,
    async fn(t) {
      await using place = await broker.setUp();
      const got: Got[] = [];
      /** What the microservice got since the last time, once it is so much. */
      const take = async (count: number): Promise<Got[]> => {
        await eventually(() => got.length === count);
        return got.splice(0);
      };
      await using upstream = microservice(async (request) => {
        got.push({
          body: await request.json(),
          type: `${request.method} ${request.headers.get("content-type")}`,
          id: request.headers.get("proxymq-request-id"),
          at: performance.now(),
        });
        return new Response("ok");
      });
      const service = place.service();
      await using stack = await startStack({ brokerUrl: place.url, service, target: upstream.url });
      const send = (body: unknown) =>
        fetch(`${stack.enqueuer.server.url}/send`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });

      await t.step("one", async () => {
        const response = await send({ topic: service, payload: { n: 1 }, priority: 0, ttl: 60 });
        assert.equal(response.status, 202);
        const { id, status } = await response.json();
        assert.equal(status, "queued");
        const [one] = await take(1);
        assert.deepEqual(one?.body, { n: 1 });
        assert.equal(one?.type, "POST application/json");
        assert.equal(one?.id, id);
      });

      await t.step("one after its delay", async () => {
        const start = performance.now();
        assert.equal((await send({ topic: service, payload: [1], delay: 1 })).status, 202);
        const [one] = await take(1);
        assert.deepEqual(one?.body, [1]);
        assert.ok((one?.at ?? 0) - start >= 1_000);
      });

      await t.step("many, each with its own result", async () => {
        const missing = place.service();
        const response = await send([
          { topic: service, payload: "a" },
          { topic: missing, payload: "b" },
          { topic: service, payload: null },
        ]);
        assert.equal(response.status, 207);
        const { results } = await response.json();
        assert.deepEqual(
          results.map(({ status }: { status: string }) => status),
          ["queued", "failed", "queued"],
        );
        assert.equal(results[1].problem.type, "urn:proxymq:problem:service-not-found");
        const both = await take(2);
        assert.deepEqual(new Set(both.map(({ body }) => body)), new Set(["a", null]));
        const all = await send(
          Array.from({ length: 50 }, (_, n) => ({ topic: service, payload: n })),
        );
        assert.equal(all.status, 202);
        await all.body?.cancel();
        const fifty = await take(50);
        assert.equal(new Set(fifty.map(({ body }) => body)).size, 50);
      });

      await t.step("bad input is 400 with what is allowed", async () => {
        const cases: [unknown, RegExp][] = [
          [{ payload: 1 }, /topic/],
          [{ topic: "Bad Name", payload: 1 }, /service name/],
          [{ topic: service, payload: 1, priority: 10 }, /priority/],
          [{ topic: service, payload: 1, delay: "soon" }, /seconds from 0 to/],
          [{ topic: service, payload: 1, ttl: 0 }, /ttl/],
          [{ topic: service, payload: 1, extra: 1 }, /extra/],
          [[], /array|1/],
        ];
        for (const [body, detail] of cases) {
          const response = await send(body);
          const problem = await response.json();
          assert.equal(response.status, 400, JSON.stringify(body));
          assert.match(problem.detail, detail, JSON.stringify(body));
        }
        const unknown = await send({ topic: place.service(), payload: 1 });
        assert.equal(unknown.status, 404);
        await unknown.body?.cancel();
      });
    },
  });

  Deno.test({
    name: `a request with ProxyMQ-Delay comes after its delay, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      await using upstream = microservice(() => new Response("ok"));
      const service = place.service();
      await using stack = await startStack({ brokerUrl: place.url, service, target: upstream.url });
      const start = performance.now();
      const delayed = fetch(stack.url, { headers: { "proxymq-delay": "1" } });
      assert.equal(await (await fetch(stack.url)).text(), "ok");
      assert.ok(performance.now() - start < 1_000, "the other had to wait");
      assert.equal(await (await delayed).text(), "ok");
      assert.ok(performance.now() - start >= 1_000);
      const late = await fetch(stack.url, { headers: { "proxymq-delay": "60" } });
      assert.equal(late.status, 400);
      assert.match((await late.json()).detail, /respond-async/);
      const handle = await place.open();
      assert.equal((await handle.stats(requestQueue(service))).ready, 0);
    },
  });
}
