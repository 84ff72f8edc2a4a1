import assert from "node:assert/strict";
import { DEAD_REASON } from "../../shared/broker/broker.ts";
import { encodeRequest } from "../../shared/message/envelope.ts";
import { newRequestId } from "../../shared/message/request_id.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, take } from "../brokers.ts";
import { microservice, startStack, testDequeuer } from "./stack.ts";

const requestFor = (path: string) =>
  encodeRequest(
    { id: newRequestId(), method: "GET", path, headers: {}, body: new Uint8Array(0) },
    Date.now(),
  );

for (const broker of brokersUnderTest) {
  const ignore = broker.missing !== undefined;

  Deno.test({
    name: `a request whose consumers die again and again is a dead letter, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      const queue = requestQueue(service);
      const spec = {
        kind: "work",
        name: queue,
        deadLetterQueue: deadLetterQueue(service),
      } as const;
      const handle = await place.open();
      await handle.declare(spec);
      // Classic queues do not say how often they have handed a message out.
      if (!handle.capabilities.countsRedeliveries) return;
      await handle.publish({ queue }, [requestFor("/poison")]);
      for (let deaths = 0; deaths < 3; deaths++) {
        const victim = await place.open();
        const consumer = victim.consume(queue, {
          prefetch: 1,
          signal: new AbortController().signal,
        });
        const [delivery] = await take(consumer, 1);
        assert.equal(delivery?.redeliveries, deaths);
        await victim[Symbol.asyncDispose]();
      }
      let calls = 0;
      await using upstream = microservice(() => new Response(String(calls++)));
      await using _dequeuer = await testDequeuer({
        BROKER_URL: place.url,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: upstream.url,
        DEQUEUER_MAX_ATTEMPTS: "2",
      });
      await eventually(async () => (await handle.stats(queue)).dead === 1);
      assert.equal(calls, 0);
      const stop = new AbortController();
      const [dead] = await take(
        handle.consume(deadLetterQueue(service), { prefetch: 1, signal: stop.signal }),
        1,
      );
      assert.equal(dead?.message.headers[DEAD_REASON], "redelivered");
      stop.abort();
    },
  });

  Deno.test({
    name: `with DEQUEUER_DEDUPE a request that comes twice runs once, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      const paths: string[] = [];
      await using upstream = microservice((request) => {
        paths.push(new URL(request.url).pathname);
        return new Response("ok");
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service,
        target: upstream.url,
        env: { DEQUEUER_DEDUPE: "1m", DEQUEUER_CONCURRENCY: "1" },
      });
      const handle = await place.open();
      const replies = place.replyQueue();
      await handle.declare(replies);
      const message = { ...requestFor("/once"), replyTo: replies.name };
      await handle.publish({ queue: requestQueue(service) }, [message, message]);
      const stop = new AbortController();
      const both = await take(
        handle.consume(replies.name, { prefetch: 1, signal: stop.signal }),
        2,
      );
      stop.abort();
      assert.deepEqual(both.map(({ message }) => message.headers["status"]), [200, 200]);
      assert.equal(await (await fetch(`${stack.url}/other`)).text(), "ok");
      assert.deepEqual(paths, ["/once", "/other"]);
    },
  });
}
