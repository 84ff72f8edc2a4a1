import assert from "node:assert/strict";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { microservice, startStack } from "./stack.ts";

const place = (system: string) => brokersUnderTest.find((broker) => broker.system === system);

Deno.test("states and responses can be kept in another place than the requests", async () => {
  const [memory, sqlite] = [place("memory"), place("sqlite")];
  assert.ok(memory && sqlite);
  await using broker = await memory.setUp();
  await using results = await sqlite.setUp();
  await using upstream = microservice(() => new Response("done"));
  const service = broker.service();
  await using stack = await startStack({
    brokerUrl: broker.url,
    service,
    target: upstream.url,
    env: { RESULTS_URL: results.url },
  });
  const { url } = stack.enqueuer.server;
  const response = await fetch(stack.url, { headers: { prefer: "respond-async" } });
  assert.equal(response.status, 202);
  const { id, links } = await response.json();
  await eventually(async () => {
    const state = await (await fetch(`${url}${links.self}`)).json();
    return state.status === "succeeded";
  });
  assert.equal(await (await fetch(`${url}${links.response}`)).text(), "done");

  await using store = (await results.open()).results({ ttlMs: 60_000, lookUps: true });
  assert.equal((await store.get(id))?.state, "succeeded");
  for (const { server } of [stack.enqueuer, stack.dequeuer]) {
    const ready = await (await fetch(`${server.url}/health/ready`)).json();
    assert.ok(ready.checks.results, "a place of its own has a state of its own");
  }
});
