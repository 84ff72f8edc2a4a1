import assert from "node:assert/strict";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { microservice, startStack } from "./stack.ts";

for (const broker of brokersUnderTest) {
  const ignore = broker.missing !== undefined;

  Deno.test({
    name: `while the breaker is open requests wait and use up no attempt, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      let healthy = false;
      const attempts: string[] = [];
      await using upstream = microservice(({ headers }) => {
        if (!healthy) return new Response("down", { status: 503 });
        attempts.push(headers.get("proxymq-attempt") ?? "");
        return new Response("up");
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service,
        target: upstream.url,
        env: {
          DEQUEUER_CONCURRENCY: "2",
          DEQUEUER_RETRY_BASE: "10ms",
          DEQUEUER_BREAKER_FAILURES: "2",
          DEQUEUER_BREAKER_OPEN: "200ms",
        },
      });
      const ready =
        async () => (await (await fetch(`${stack.dequeuer.server.url}/health/ready`)).json());
      const responses = Array.from({ length: 10 }, () => fetch(stack.url));
      await eventually(async () => (await ready()).checks.breaker.startsWith("open"));
      // Long enough for a good many probes, each of which fails.
      const metrics = async () =>
        await (await fetch(`${stack.dequeuer.server.url}/metrics`)).text();
      await eventually(async () =>
        Number(/outcome="retry"[^}]*\} (\d+)/.exec(await metrics())?.[1] ?? 0) >= 6
      );
      healthy = true;
      for (const response of await Promise.all(responses)) {
        assert.equal(response.status, 200);
        assert.equal(await response.text(), "up");
      }
      assert.equal(attempts.length, 10);
      assert.equal((await ready()).checks.breaker, "closed");
      const handle = await place.open();
      assert.equal((await eventually(() => handle.stats(requestQueue(service)))).dead, 0);
    },
  });

  Deno.test({
    name: `behind an open breaker one that always fails keeps nobody waiting, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      await using upstream = microservice(({ url }) =>
        url.endsWith("/poison") ? new Response("no", { status: 503 }) : new Response("up")
      );
      await using stack = await startStack({
        brokerUrl: place.url,
        service: place.service(),
        target: upstream.url,
        env: {
          DEQUEUER_CONCURRENCY: "1",
          DEQUEUER_RETRY_BASE: "1ms",
          DEQUEUER_BREAKER_FAILURES: "1",
          DEQUEUER_BREAKER_OPEN: "300ms",
        },
      });
      const hangUp = new AbortController();
      const poison = fetch(`${stack.url}/poison`, { signal: hangUp.signal });
      const state = `${stack.dequeuer.server.url}/health/ready`;
      await eventually(async () =>
        (await (await fetch(state)).json()).checks.breaker.startsWith("open")
      );
      // Its retry is there before each probe.
      const others = await Promise.all(
        Array.from(
          { length: 3 },
          (_, i) => fetch(`${stack.url}/${i}`, { headers: { prefer: "wait=10" } }),
        ),
      );
      for (const response of others) assert.equal(await response.text(), "up");
      hangUp.abort();
      await assert.rejects(poison);
    },
  });

  Deno.test({
    name: `nothing is consumed before the microservice answers its health URL, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      let healthy = false;
      let calls = 0;
      await using upstream = microservice((request) => {
        if (request.url.endsWith("/healthz")) {
          return new Response(null, { status: healthy ? 204 : 503 });
        }
        calls++;
        return new Response("up");
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service,
        target: upstream.url,
        env: { DEQUEUER_TARGET_HEALTH_URL: `${upstream.url}/healthz` },
      });
      const response = fetch(stack.url);
      const handle = await place.open();
      await eventually(async () => (await handle.stats(requestQueue(service))).ready === 1);
      assert.equal(calls, 0);
      healthy = true;
      assert.equal(await (await response).text(), "up");
    },
  });
}
