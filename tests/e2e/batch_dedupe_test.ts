import assert from "node:assert/strict";
import { encodeRequest } from "../../shared/message/envelope.ts";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { batchService, echo } from "./batch_service.ts";
import { startStack } from "./stack.ts";

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `a request that comes twice within a batch is run once, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      await using upstream = await batchService(echo);
      await using stack = await startStack({
        brokerUrl: place.url,
        service,
        target: upstream.url,
        env: { DEQUEUER_BATCH_SIZE: "8", DEQUEUER_DEDUPE: "1m" },
      });
      const handle = await place.open();
      const message = encodeRequest({
        id: "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f",
        method: "POST",
        path: "/x",
        headers: {},
        body: new Uint8Array(0),
      }, Date.now());
      await handle.publish({ queue: requestQueue(service) }, [message, message]);
      await eventually(async () => {
        const text = await (await fetch(`${stack.dequeuer.server.url}/metrics`)).text();
        return /processed_total\{outcome="answered"[^}]*\} 2/.test(text);
      });
      assert.deepEqual(upstream.batches.map(({ length }) => length), [1]);
    },
  });
}
