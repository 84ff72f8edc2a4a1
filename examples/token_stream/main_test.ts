import { deepEqual, equal, ok } from "node:assert/strict";
import { startStack } from "../../tests/e2e/stack.ts";
import { generate } from "./generate.ts";
import { startTokenStream } from "./main.ts";

Deno.test("through the queue, each token arrives when it is made", async () => {
  await using service = startTokenStream({ port: 0, paceMs: 30 });
  await using stack = await startStack({
    brokerUrl: `memory:token_stream_${crypto.randomUUID()}`,
    service: "token-stream",
    target: service.url,
  });
  const response = await fetch(`${stack.url}/generate`, {
    method: "POST",
    body: JSON.stringify({ prompt: "Tell me", tokens: 10 }),
    headers: { "content-type": "application/json" },
  });
  equal(response.status, 200);
  let text = "";
  let reads = 0;
  const decoded = response.body?.pipeThrough(new TextDecoderStream());
  for await (const part of decoded ?? []) {
    text += part;
    reads++;
  }
  const tokens = [...generate("Tell me", 10)].map((token) => JSON.stringify({ token }));
  deepEqual(text.trim().split("\n\n"), [...tokens, "[DONE]"].map((data) => `data: ${data}`));
  ok(reads >= 5, `the tokens came in ${reads} pieces`);
});
