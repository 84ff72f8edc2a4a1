import assert from "node:assert/strict";
import { microservice } from "../e2e/stack.ts";
import { startDequeuer, startEnqueuer } from "./service_process.ts";
import { temporaryBroker } from "./temporary_broker.ts";

const requests = 50;

Deno.test("two terminals: the tasks find each other through the file, and wake each other", async () => {
  await using broker = await temporaryBroker();
  await using upstream = microservice(async (request) => {
    const { pathname, search } = new URL(request.url);
    return new Response(`${request.method} ${pathname}${search} ${await request.text()}`, {
      status: 201,
      headers: { "x-answer": "yes" },
    });
  });
  const env = { BROKER_URL: broker.url };
  await using enqueuer = startEnqueuer(env, { by: "task" });
  await using dequeuer = startDequeuer({
    ...env,
    DEQUEUER_SERVICE: "greeter",
    DEQUEUER_TARGET_URL: upstream.url,
  }, { by: "task" });
  const [front] = await Promise.all([enqueuer.ready(), dequeuer.ready()]);

  const ms: number[] = [];
  for (let i = 0; i < requests; i++) {
    const start = performance.now();
    const response = await fetch(`${front}/proxy/greeter/a/b?n=${i}`, {
      method: "PUT",
      body: "hello",
    });
    assert.equal(await response.text(), `PUT /a/b?n=${i} hello`);
    ms.push(performance.now() - start);
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-answer"), "yes");
  }
  ms.sort((a, b) => a - b);
  const median = ms[requests / 2] ?? NaN;
  console.log(
    `${requests} requests, one after the other, through two processes: ` +
      `median ${median.toFixed(1)} ms, longest ${ms.at(-1)?.toFixed(1)} ms`,
  );
  assert.ok(median < 50, `a median of ${median} ms is no wake-up`);
  assert.deepEqual([...enqueuer.troubles, ...dequeuer.troubles], []);
});
