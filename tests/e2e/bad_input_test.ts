import assert from "node:assert/strict";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { DEAD_QUEUE, DEAD_REASON } from "../../shared/broker/broker.ts";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { brokersUnderTest, eventually, take } from "../brokers.ts";
import { type Env, microservice, startStack, testEnqueuer } from "./stack.ts";

/** The problem document of a response. */
async function problemOf(response: Response) {
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const problem = await response.json();
  assert.equal(problem.status, response.status);
  assert.equal(response.headers.get("proxymq-request-id"), problem.request_id ?? null);
  return problem;
}

for (const broker of brokersUnderTest) {
  const test = (
    name: string,
    run: (given: {
      readonly service: string;
      readonly url: string;
      readonly place: Awaited<ReturnType<typeof broker.setUp>>;
      readonly metrics: () => Promise<string>;
    }) => Promise<void>,
    options: {
      readonly env?: Env;
      readonly upstream?: (request: Request) => Response | Promise<Response>;
      readonly target?: string;
    } = {},
  ) =>
    Deno.test({
      name: `${name}, over ${broker.name}`,
      ignore: broker.missing !== undefined,
      async fn() {
        await using place = await broker.setUp();
        await using upstream = microservice(options.upstream ?? (() => new Response("ok")));
        const service = place.service();
        await using stack = await startStack({
          brokerUrl: place.url,
          service,
          target: options.target ?? upstream.url,
          ...(options.env ? { env: options.env } : {}),
        });
        await run({
          service,
          url: stack.url,
          place,
          metrics: async () =>
            await (await fetch(`${stack.dequeuer.server.url}/metrics`)).text() +
            await (await fetch(`${stack.enqueuer.server.url}/metrics`)).text(),
        });
      },
    });

  test("an unknown service is 404, and no queue is made", async ({ url, place }) => {
    const unknown = place.service();
    const response = await fetch(new URL(`/proxy/${unknown}/x`, url));
    assert.equal(response.status, 404);
    assert.equal((await problemOf(response)).type, "urn:proxymq:problem:service-not-found");
    const handle = await place.open();
    await eventually(() => handle.status.connected);
    await assert.rejects(handle.stats(requestQueue(unknown)), QueueNotFoundError);
  });

  test("an upstream that refuses connections is 502, and a dead letter", async (given) => {
    const response = await fetch(`${given.url}/x`, { method: "POST", body: "precious" });
    assert.equal(response.status, 502);
    const problem = await problemOf(response);
    assert.equal(problem.type, "urn:proxymq:problem:upstream-unreachable");
    const handle = await given.place.open();
    await eventually(() => handle.status.connected);
    const stop = new AbortController();
    const deadLetters = handle.consume(deadLetterQueue(given.service), {
      prefetch: 1,
      signal: stop.signal,
    });
    const [dead] = await take(deadLetters, 1);
    assert.ok(dead);
    assert.equal(new TextDecoder().decode(dead.message.body), "precious");
    assert.equal(dead.message.headers[DEAD_REASON], "unreachable");
    assert.equal(dead.message.headers[DEAD_QUEUE], requestQueue(given.service));
    assert.equal(dead.message.correlationId, problem.request_id);
    await handle.settle([{ kind: "ack", delivery: dead }]);
    stop.abort();
  }, { target: "http://127.0.0.1:9", env: { DEQUEUER_MAX_ATTEMPTS: "1" } });

  {
    const held = Promise.withResolvers<void>();
    let calls = 0;
    test("a request is 504 at its deadline, and is never forwarded after it", async (given) => {
      const { url, place, service } = given;
      // The first keeps the only slot until the second has expired in the queue.
      const first = fetch(url, { headers: { prefer: "wait=20" } });
      await eventually(() => calls === 1);
      const second = await fetch(url, { headers: { "grpc-timeout": "300m" } });
      assert.equal(second.status, 504);
      assert.equal((await problemOf(second)).type, "urn:proxymq:problem:timeout");
      held.resolve();
      assert.equal((await first).status, 200);
      const third = await fetch(url);
      assert.equal(third.status, 200);
      await third.body?.cancel();
      await (await first).body?.cancel();
      assert.equal(calls, 2, "the expired request was forwarded");
      const handle = await place.open();
      await eventually(() => handle.status.connected);
      await eventually(async () => (await handle.stats(requestQueue(service))).dead === 1);
    }, {
      env: { DEQUEUER_CONCURRENCY: "1" },
      upstream: async () => {
        calls++;
        if (calls === 1) await held.promise;
        return new Response("ok");
      },
    });
  }

  test("an upstream that is too slow is 504 in time, and its call is aborted", async (given) => {
    const response = await fetch(given.url);
    assert.equal(response.status, 504);
    assert.match((await problemOf(response)).detail, /did not answer within 200 ms/);
  }, {
    env: { DEQUEUER_TIMEOUT: "200ms", DEQUEUER_MAX_ATTEMPTS: "1" },
    upstream: (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener("abort", () => resolve(new Response("late")));
      }),
  });

  test("a message that is no request becomes a dead letter, and the rest goes on", async (given) => {
    const { url, place, service } = given;
    const handle = await place.open();
    await eventually(() => handle.status.connected);
    const replyQueue = place.replyQueue();
    await handle.declare(replyQueue);
    await handle.publish({ queue: requestQueue(service) }, [
      { body: new TextEncoder().encode("junk"), headers: {} },
      {
        body: new Uint8Array(0),
        headers: { method: "GET", path: "no slash" },
        correlationId: "c1",
        replyTo: replyQueue.name,
      },
    ]);
    assert.equal((await fetch(url)).status, 200);
    await eventually(async () => (await handle.stats(requestQueue(service))).dead === 2);
    const stop = new AbortController();
    const [reply] = await take(
      handle.consume(replyQueue.name, { prefetch: 1, signal: stop.signal }),
      1,
    );
    assert.equal(reply?.message.headers["status"], 400);
    assert.equal(reply?.message.correlationId, "c1");
    stop.abort();
  });

  test("a reply that nobody waits for is dropped and counted", async (given) => {
    const { url, place, service, metrics } = given;
    const handle = await place.open();
    await eventually(() => handle.status.connected);
    for (const replyTo of ["reply_gone", "elsewhere", "amq.rabbitmq.reply-to.malformed"]) {
      await handle.publish({ queue: requestQueue(service) }, [
        { body: new Uint8Array(0), headers: { method: "GET", path: "/" }, replyTo },
      ]);
    }
    await eventually(async () =>
      /dequeuer_replies_dropped_total\{[^}]*\} 3/.test(await metrics()) || undefined
    );
    assert.equal((await fetch(url)).status, 200, "the connection that others use goes on");
  });
}

Deno.test("bad input is 400 with what is allowed", async (t) => {
  await using enqueuer = await testEnqueuer({ BROKER_URL: "memory:bad-input" });
  await enqueuer.ready;
  const long = "x".repeat(61_000);
  const cases: [string, string, HeadersInit, RegExp][] = [
    ["upper case in the name", "/proxy/Upper/x", {}, /a-z 0-9/],
    ["an encoded slash in the name", "/proxy/a%2Fb/x", {}, /a-z 0-9/],
    ["a reserved name", "/proxy/proxymq-callbacks/x", {}, /proxymq-, which is reserved/],
    ["a name too long", `/proxy/${"a".repeat(64)}/x`, {}, /1 to 63/],
    ["no name", "/proxy/", {}, /1 to 63/],
    ["Prefer", "/proxy/a/", { prefer: "wait=soon" }, /wait=N/],
    ["grpc-timeout", "/proxy/a/", { "grpc-timeout": "soon" }, /H M S m u n/],
    ["a header too large", "/proxy/a/", { "x-long": long }, /60000/],
  ];
  for (const [name, path, headers, detail] of cases) {
    await t.step(name, async () => {
      const response = await fetch(enqueuer.server.url + path, { headers });
      assert.equal(response.status, 400);
      const problem = await problemOf(response);
      assert.equal(problem.type, "urn:proxymq:problem:bad-request");
      assert.match(problem.detail, detail);
      assert.ok(problem.request_id);
    });
  }
  await t.step("a path that is nobody's is 404", async () => {
    const response = await fetch(`${enqueuer.server.url}/other`);
    assert.equal(response.status, 404);
    assert.equal((await problemOf(response)).type, "urn:proxymq:problem:not-found");
  });
});
