import assert from "node:assert/strict";
import { move, prepareTarget } from "../../shared/move/move.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { microservice, startStack, testEnqueuer } from "./stack.ts";

const place = (system: string) => brokersUnderTest.find((broker) => broker.system === system);

Deno.test("what is moved is found again where its state is, and what was cancelled is not run", async () => {
  const [memory, sqlite] = [place("memory"), place("sqlite")];
  assert.ok(memory && sqlite);
  await using old = await memory.setUp();
  await using next = await sqlite.setUp();
  const service = old.service();
  const paths: string[] = [];
  await using upstream = microservice((request) => {
    paths.push(new URL(request.url).pathname);
    return new Response("done");
  });
  await using before = await testEnqueuer({ BROKER_URL: old.url, ENQUEUER_SERVICES: service });
  await before.ready;
  const later = async (path: string): Promise<string> => {
    const response = await fetch(`${before.server.url}/proxy/${service}${path}`, {
      headers: { prefer: "respond-async" },
    });
    assert.equal(response.status, 202);
    return (await response.json()).id;
  };
  const [id, cancelled] = [await later("/kept"), await later("/cancelled")];
  await fetch(`${before.server.url}/requests/${cancelled}`, { method: "DELETE" })
    .then((response) => response.body?.cancel());

  const { signal } = new AbortController();
  const [from, to] = [await old.open(), await next.open()];
  await prepareTarget(to, service, signal);
  assert.equal((await move(from, to, service, "requests", { signal })).done, 2);

  await using after = await startStack({
    brokerUrl: next.url,
    service,
    target: upstream.url,
    env: { RESULTS_URL: old.url },
  });
  for (const { server } of [before, after.enqueuer]) {
    await eventually(async () => {
      const response = await fetch(`${server.url}/requests/${id}/response`);
      return await response.text() === "done";
    });
  }
  await eventually(async () => {
    const { ready, inFlight } = await to.stats(`${service}_requests`);
    return ready === 0 && inFlight === 0;
  });
  assert.deepEqual(paths, ["/kept"]);
});
