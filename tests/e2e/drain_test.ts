import assert from "node:assert/strict";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { microservice, startStack, testDequeuer } from "./stack.ts";

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `a dequeuer that closes finishes what is in flight, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      const called = Promise.withResolvers<void>();
      const answer = Promise.withResolvers<void>();
      await using upstream = microservice(async () => {
        called.resolve();
        await answer.promise;
        return new Response("finished");
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service: place.service(),
        target: upstream.url,
      });
      const response = fetch(stack.url);
      await called.promise;
      const closed = stack.dequeuer.close(AbortSignal.timeout(20_000));
      answer.resolve();
      await closed;
      assert.equal(await (await response).text(), "finished");
    },
  });

  Deno.test({
    name: `what does not finish in time goes to another dequeuer at once, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      const called = Promise.withResolvers<void>();
      const service = place.service();
      await using slow = microservice((request) => {
        called.resolve();
        return new Promise((resolve) => {
          request.signal.addEventListener("abort", () => resolve(new Response()));
        });
      });
      await using quick = microservice((request) =>
        new Response(`attempt ${request.headers.get("proxymq-attempt")}`)
      );
      await using stack = await startStack({ brokerUrl: place.url, service, target: slow.url });
      const response = fetch(stack.url);
      await called.promise;
      await using _second = await testDequeuer({
        BROKER_URL: place.url,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: quick.url,
      });
      await stack.dequeuer.close(AbortSignal.abort());
      assert.match(await (await response).text(), /^attempt [12]$/);
      const handle = await place.open();
      await eventually(() => handle.status.connected);
      const stats = await eventually(() => handle.stats(requestQueue(service)));
      assert.deepEqual([stats.ready, stats.dead], [0, 0]);
    },
  });
}
