import assert from "node:assert/strict";
import { uniqueName } from "../brokers.ts";
import { microservice, startStack, testEnqueuer } from "./stack.ts";

Deno.test("API keys guard everything but health, and stay at the door", async (t) => {
  let seen: Headers | undefined;
  await using upstream = microservice((request) => {
    seen = request.headers;
    return new Response("ok");
  });
  await using stack = await startStack({
    brokerUrl: `memory:${uniqueName("keys")}`,
    service: "guarded",
    target: upstream.url,
    env: { ENQUEUER_API_KEYS: "first-key,second-key" },
  });
  const { url } = stack.enqueuer.server;
  for (
    const path of ["/proxy/guarded/x", "/queues", "/openapi.json", "/docs", "/metrics", "/other"]
  ) {
    await t.step(`${path} wants a key`, async () => {
      for (const authorization of [undefined, "Bearer wrong-key", "Basic first-key", "Bearer "]) {
        const response = await fetch(url + path, {
          headers: authorization ? { authorization } : {},
        });
        assert.equal(response.status, 401, authorization ?? "none");
        assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/);
        assert.equal((await response.json()).type, "urn:proxymq:problem:unauthorized");
      }
    });
  }
  await t.step("health does not", async () => {
    for (const path of ["/health/live", "/health/ready"]) {
      const response = await fetch(url + path);
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
  });
  await t.step("each key opens, and does not reach the microservice", async () => {
    for (const key of ["first-key", "second-key"]) {
      const response = await fetch(`${url}/proxy/guarded/x`, {
        headers: { authorization: `Bearer ${key}` },
      });
      assert.equal(response.status, 200);
      await response.body?.cancel();
      assert.equal(seen?.get("authorization"), null);
    }
  });
});

Deno.test("the default service gets every path that is not the enqueuer's own", async () => {
  await using upstream = microservice((request) => {
    const { pathname, search } = new URL(request.url);
    return new Response(pathname + search);
  });
  await using stack = await startStack({
    brokerUrl: `memory:${uniqueName("sidecar")}`,
    service: "main",
    target: upstream.url,
    env: { ENQUEUER_DEFAULT_SERVICE: "main" },
  });
  const get = async (path: string) => (await fetch(stack.enqueuer.server.url + path)).text();
  for (const path of ["/", "/a/b?c=d", "/healthy", "/docsy", "/proxied/x"]) {
    assert.equal(await get(path), path);
  }
  assert.equal(await get("/proxy/main/a?b"), "/a?b");
  assert.equal(await get("/health/live"), '{"status":"live"}');
});

Deno.test("the OpenAPI document describes the routes", async () => {
  await using enqueuer = await testEnqueuer({ BROKER_URL: `memory:${uniqueName("api")}` });
  const response = await fetch(`${enqueuer.server.url}/openapi.json`);
  assert.equal(response.status, 200);
  const document = await response.json();
  assert.match(document.openapi, /^3\.1\./);
  const operations = document.paths["/proxy/{service}/{path}"];
  assert.deepEqual(
    Object.keys(operations).sort(),
    ["delete", "get", "head", "options", "patch", "post", "put"],
  );
  const [service] = operations.get.parameters;
  assert.equal(service.name, "service");
  assert.equal(service.schema.pattern, "^(?!proxymq-)[a-z0-9][a-z0-9._-]{0,62}$");
  for (const path of ["/health/live", "/health/ready", "/metrics"]) assert.ok(document.paths[path]);
});

Deno.test("a broker that is down is 503 with Retry-After, fast", async () => {
  await using enqueuer = await testEnqueuer({ BROKER_URL: "amqp://127.0.0.1:9" });
  const start = performance.now();
  const response = await fetch(`${enqueuer.server.url}/proxy/any/x`, { method: "POST", body: "x" });
  assert.ok(performance.now() - start < 1_000);
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "2");
  assert.equal((await response.json()).type, "urn:proxymq:problem:broker-unavailable");
  const live = await fetch(`${enqueuer.server.url}/health/live`);
  assert.equal(live.status, 200);
  await live.body?.cancel();
  const ready = await fetch(`${enqueuer.server.url}/health/ready`);
  assert.equal(ready.status, 503);
  assert.equal((await ready.json()).status, "not ready");
});

Deno.test("metrics count requests by service, method and status", async () => {
  await using upstream = microservice(() => new Response("ok", { status: 201 }));
  await using stack = await startStack({
    brokerUrl: `memory:${uniqueName("metrics")}`,
    service: "counted",
    target: upstream.url,
  });
  for (let i = 0; i < 3; i++) await (await fetch(stack.url, { method: "PUT" })).text();
  await (await fetch(`${stack.enqueuer.server.url}/proxy/unknown/`)).text();
  const front = await (await fetch(`${stack.enqueuer.server.url}/metrics`)).text();
  assert.match(
    front,
    /^enqueuer_requests_total\{service="counted",method="PUT",status="201"\} 3$/m,
  );
  assert.match(
    front,
    /^enqueuer_requests_total\{service="\(none\)",method="GET",status="404"\} 1$/m,
  );
  assert.match(front, /^enqueuer_request_latency_seconds_count\{service="counted"\} 3$/m);
  const back = await (await fetch(`${stack.dequeuer.server.url}/metrics`)).text();
  assert.match(back, /^dequeuer_processed_total\{outcome="answered",service="counted"\} 3$/m);
  assert.match(back, /^dequeuer_processing_latency_seconds_count\{service="counted"\} 3$/m);
  assert.match(back, /^dequeuer_queue_latency_seconds_count\{service="counted"\} 3$/m);
  assert.match(back, /^proxymq_broker_connected(\{service="counted"\})? 1$/m);
});
