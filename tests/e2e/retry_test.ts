import assert from "node:assert/strict";
import { ATTEMPT, DEAD_REASON } from "../../shared/broker/broker.ts";
import { DEAD_RESPONSE, DEAD_STATUS, failedAttempts } from "../../shared/message/history.ts";
import { deadLetterQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, take } from "../brokers.ts";
import { type Env, microservice, startStack } from "./stack.ts";

const quickRetries: Env = { DEQUEUER_RETRY_BASE: "20ms", DEQUEUER_MAX_ATTEMPTS: "3" };

for (const broker of brokersUnderTest) {
  const ignore = broker.missing !== undefined;

  Deno.test({
    name: `a failure is tried again until it is answered, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const seen: [string | null, string | null, string | null][] = [];
      await using upstream = microservice(({ headers }) => {
        seen.push([
          headers.get("proxymq-attempt"),
          headers.get("proxymq-request-id"),
          headers.get("idempotency-key"),
        ]);
        return new Response(`answer ${seen.length}`, { status: seen.length < 3 ? 503 : 200 });
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service: place.service(),
        target: upstream.url,
        env: quickRetries,
      });
      const response = await fetch(stack.url, { headers: { "idempotency-key": '"k"' } });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "answer 3");
      assert.deepEqual(seen.map(([attempt]) => attempt), ["1", "2", "3"]);
      assert.equal(new Set(seen.map(([, id]) => id)).size, 1);
      assert.deepEqual(seen.map(([, , key]) => key), ['"k"', '"k"', '"k"']);
    },
  });

  Deno.test({
    name: `the last failure is the caller's response, and a dead letter, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      let calls = 0;
      await using upstream = microservice(() =>
        new Response(`failure ${++calls}`, { status: calls < 3 ? 503 : 429 })
      );
      await using stack = await startStack({
        brokerUrl: place.url,
        service,
        target: upstream.url,
        env: quickRetries,
      });
      const response = await fetch(stack.url, { method: "POST", body: "precious" });
      assert.equal(response.status, 429);
      assert.equal(await response.text(), "failure 3");
      const handle = await place.open();
      const stop = new AbortController();
      const deadLetters = handle.consume(deadLetterQueue(service), {
        prefetch: 1,
        signal: stop.signal,
      });
      const [dead] = await take(deadLetters, 1);
      assert.ok(dead);
      const { headers, body } = dead.message;
      assert.equal(new TextDecoder().decode(body), "precious");
      assert.equal(headers[DEAD_REASON], "status-429");
      assert.equal(headers[DEAD_STATUS], 429);
      assert.equal(headers[DEAD_RESPONSE], "failure 3");
      assert.equal(headers[ATTEMPT], 3);
      assert.deepEqual(
        failedAttempts(dead.message).map(({ failure }) => failure),
        ["status-503", "status-503", "status-429"],
      );
      const times = failedAttempts(dead.message).map(({ at }) => at);
      assert.deepEqual(times, times.toSorted((a, b) => a - b));
      await handle.settle([{ kind: "ack", delivery: dead }]);
      stop.abort();
    },
  });

  Deno.test({
    name: `a request that waits for its retry holds up no other, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      let failed = false;
      await using upstream = microservice((request) => {
        if (!request.url.endsWith("/flaky") || failed) return new Response("ok");
        failed = true;
        return new Response("later", { status: 503, headers: { "retry-after": "2" } });
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service: place.service(),
        target: upstream.url,
        env: { ...quickRetries, DEQUEUER_CONCURRENCY: "1" },
      });
      let flakyAnswered = false;
      const start = performance.now();
      const flaky = fetch(`${stack.url}/flaky`).then(async (response) => {
        flakyAnswered = true;
        return await response.text();
      });
      await eventually(() => failed);
      for (let i = 0; i < 5; i++) assert.equal(await (await fetch(stack.url)).text(), "ok");
      assert.equal(flakyAnswered, false, "the others came only after the retry");
      assert.equal(await flaky, "ok");
      assert.ok(performance.now() - start >= 2_000, "Retry-After was not honoured");
    },
  });

  Deno.test({
    name: `a retry that would come after the deadline is not made, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      let calls = 0;
      await using upstream = microservice(() => {
        calls++;
        return new Response("busy", { status: 503, headers: { "retry-after": "30" } });
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service: place.service(),
        target: upstream.url,
        env: quickRetries,
      });
      const response = await fetch(stack.url, { headers: { prefer: "wait=10" } });
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("retry-after"), "30");
      assert.equal(await response.text(), "busy");
      assert.equal(calls, 1);
    },
  });
}
