import { deepEqual, equal, ok } from "node:assert/strict";
import { startStack } from "../../tests/e2e/stack.ts";
import { metric } from "../../tests/support/metrics.ts";
import { startEmbedder } from "./main.ts";

const embedded = async (url: string, text: string): Promise<number[]> => {
  const response = await fetch(`${url}/embed`, {
    method: "POST",
    body: JSON.stringify({ text }),
    headers: { "content-type": "application/json" },
  });
  equal(response.status, 200);
  return (await response.json()).embedding;
};

Deno.test("through the queue, many callers' texts go in few calls, and each gets its own", async () => {
  await using embedder = startEmbedder({ port: 0 });
  await using stack = await startStack({
    brokerUrl: `memory:embedder_${crypto.randomUUID()}`,
    service: "embedder",
    target: embedder.url,
    env: { DEQUEUER_BATCH_SIZE: "16", DEQUEUER_CONCURRENCY: "1" },
  });
  const texts = Array.from({ length: 32 }, (_, n) => `text number ${n}`);
  const through = await Promise.all(texts.map((text) => embedded(stack.url, text)));
  for (const [i, text] of texts.entries()) {
    const direct = await embedded(embedder.url, text);
    deepEqual(
      through[i]?.map((value) => value.toFixed(4)),
      direct.map((value) => value.toFixed(4)),
    );
  }
  const calls = await metric(stack.dequeuer.server.url, "dequeuer_batch_size_count");
  ok(calls <= 12, `${calls} calls for 32 texts`);
  const refused = await fetch(`${stack.url}/embed`, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  equal(refused.status, 400);
  equal(refused.headers.get("content-type"), "application/problem+json");
  await refused.body?.cancel();
});
