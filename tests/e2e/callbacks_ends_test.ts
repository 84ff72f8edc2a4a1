import assert from "node:assert/strict";
import { encodeCancel } from "../../shared/message/cancel.ts";
import { cancelBroadcast } from "../../shared/service_name.ts";
import { eventually } from "../brokers.ts";
import { receiver } from "./callback_receiver.ts";
import { ask, forEachBroker, started } from "./callback_stack.ts";
import { metric } from "../support/metrics.ts";
import { fetchCaller } from "./callers.ts";
import { slowService } from "./slow_service.ts";
import { microservice, testDequeuer } from "./stack.ts";

forEachBroker("the end of a dead, an expired and a replayed request is told", async (place) => {
  let status = 503;
  await using upstream = microservice(() => new Response("so", { status }));
  await using hook = receiver();
  await using stack = await started(place, upstream.url, hook.url, {
    DEQUEUER_MAX_ATTEMPTS: "1",
  });
  const { url } = stack.enqueuer.server;
  await (await ask(stack.url, hook.hook)).body?.cancel();
  await eventually(() => hook.arrived.length === 1);
  const dead = hook.arrived[0]?.document;
  assert.deepEqual([dead?.type, dead?.data.status, dead?.data.body], ["request.dead", 503, "so"]);

  status = 200;
  const service = dead?.data.service;
  // It is told just before it stands there.
  await eventually(async () => {
    const replay = await fetch(`${url}/dead-letters/${service}/replay`, {
      method: "POST",
      headers: { authorization: "Bearer an-admin-key", "content-type": "application/json" },
      body: '{"all":true}',
    });
    return (await replay.json()).replayed === 1;
  });
  await eventually(() => hook.arrived.length === 2);
  const again = hook.arrived[1];
  assert.equal(again?.document?.type, "request.succeeded");
  assert.equal(again?.document?.data.id, dead?.data.id);
  assert.equal(again?.headers.get("webhook-id"), `${dead?.data.id}_1`);

  await stack.dequeuer.close(AbortSignal.timeout(1_000));
  const late = await fetch(stack.url, {
    headers: { "proxymq-callback": hook.hook, "grpc-timeout": "1m" },
  });
  await late.body?.cancel();
  await using dequeuer = await testDequeuer({
    BROKER_URL: place.url,
    DEQUEUER_SERVICE: service ?? "",
    DEQUEUER_TARGET_URL: upstream.url,
  });
  await dequeuer.ready;
  await eventually(() => hook.arrived.length === 3);
  const expired = hook.arrived[2]?.document;
  assert.deepEqual([expired?.type, expired?.data.status], ["request.dead", 504]);
});

forEachBroker("a caller who hangs up is called back", async (place) => {
  await using upstream = await slowService();
  await using hook = receiver();
  await using stack = await started(place, upstream.url, hook.url);
  const caller = fetchCaller(`${stack.url}/slow`, { "proxymq-callback": hook.hook });
  await eventually(() => upstream.calls.length === 1);
  caller.hangUp();
  await eventually(async () =>
    await metric(stack.enqueuer.server.url, "enqueuer_disconnects_total") === 1
  );
  upstream.calls[0]?.answer();
  await eventually(() => hook.arrived.length === 1);
  assert.equal(hook.arrived[0]?.document?.data.body, "answer to /slow");
  assert.equal(upstream.calls[0]?.abortedAt, undefined);
});

forEachBroker("the end of a cancelled request is told", async (place) => {
  await using upstream = await slowService();
  await using hook = receiver();
  await using stack = await started(place, upstream.url, hook.url);
  const response = fetch(`${stack.url}/slow`, {
    headers: { "proxymq-callback": hook.hook, prefer: "wait=3" },
  });
  const id = await eventually(() => upstream.calls[0]?.id ?? undefined);
  const broker = await place.open();
  const to = { broadcast: cancelBroadcast(stack.url.split("/").at(-1) ?? "") };
  await broker.publish(to, [encodeCancel({ id: id ?? "", reason: "requested" })]);
  await eventually(() => hook.arrived.length === 1);
  const { type, data } = hook.arrived[0]?.document ?? {};
  assert.equal(type, "request.cancelled");
  assert.deepEqual([data?.id, data?.status, data?.body], [id, undefined, undefined]);
  await (await response).body?.cancel();
});
