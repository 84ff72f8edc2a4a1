import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { isPublicAddress } from "../../shared/http/address_policy.ts";
import { encodeCallback } from "../../shared/message/callback.ts";
import { callbackService, requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, uniqueName } from "../brokers.ts";
import { receiver } from "./callback_receiver.ts";
import {
  answering,
  ask,
  callbackEnv,
  forEachBroker,
  listedCallbacks,
  started,
} from "./callback_stack.ts";
import { testEnqueuer } from "./stack.ts";

const name = Deno.hostname();
const addresses = (await lookup(name, { all: true }).catch(() => [])).map(({ address }) => address);
/** Whether this machine's name is one of those that a name may be inside by. */
const isInside = addresses.length > 0 && !addresses.some(isPublicAddress);

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `a listed name that has an inside address is refused, over ${broker.name}`,
    ignore: broker.missing !== undefined || !isInside,
    async fn() {
      await using place = await broker.setUp();
      place.own(callbackService);
      await using upstream = answering();
      await using inside = receiver();
      const hook = `http://${name}:${inside.port}`;
      await using stack = await started(place, upstream.url, hook);
      assert.equal((await ask(`${stack.url}/200`, hook)).status, 200);
      const [letter] = await listedCallbacks(stack.enqueuer.server.url, 1);
      assert.equal(letter?.reason, "refused");
      assert.match(letter?.last_failure.failure ?? "", /which is not public/);
      assert.equal(inside.arrived.length, 0);
    },
  });
}

forEachBroker("what is not listed is refused, whoever asks", async (place) => {
  await using upstream = answering();
  await using inside = receiver();
  await using stack = await started(place, upstream.url, "example.com");
  const { url } = stack.enqueuer.server;
  const response = await ask(`${stack.url}/200`, inside.hook);
  assert.equal(response.status, 400);
  assert.match((await response.json()).detail, /ENQUEUER_CALLBACK_ALLOW does not list http:/);
  const broker = await place.open();
  for (const to of ["http://169.254.169.254/", inside.hook, "nonsense"]) {
    await broker.publish({ queue: requestQueue(callbackService) }, [
      encodeCallback({ id: to, url: to, service: "s", state: "cancelled", at: 0, run: 0 }),
    ]);
  }
  const items = await listedCallbacks(url, 3);
  assert.deepEqual(items.map(({ reason }) => reason), ["refused", "refused", "refused"]);
  assert.equal(inside.arrived.length, 0);
});

forEachBroker("what is no callback is a dead letter", async (place) => {
  await using enqueuer = await testEnqueuer({
    BROKER_URL: place.url,
    ...callbackEnv("example.com"),
  });
  await enqueuer.ready;
  const broker = await place.open();
  const message = { correlationId: "x", headers: { state: "queued" }, body: new Uint8Array(0) };
  await broker.publish({ queue: requestQueue(callbackService) }, [message]);
  const [letter] = await listedCallbacks(enqueuer.server.url, 1);
  assert.match(letter?.reason ?? "", /^invalid: the header "state"/);
});

Deno.test("without its settings a callback is 400, and says how to switch it on", async () => {
  await using enqueuer = await testEnqueuer({ BROKER_URL: `memory:${uniqueName("off")}` });
  await enqueuer.ready;
  const headers = {
    "proxymq-callback": "https://example.com/",
    "content-type": "application/json",
  };
  const body = JSON.stringify({ topic: "a", payload: 1 });
  for (const path of ["/proxy/a/", "/send"]) {
    const response = await fetch(enqueuer.server.url + path, { method: "POST", headers, body });
    assert.equal(response.status, 400);
    const { type, detail } = await response.json();
    assert.equal(type, "urn:proxymq:problem:bad-request");
    assert.match(detail, /ENQUEUER_CALLBACK_ALLOW and ENQUEUER_CALLBACK_SECRET/);
  }
});

Deno.test("nothing can be sent to the service that callbacks are of", async () => {
  await using hook = receiver();
  await using enqueuer = await testEnqueuer({
    BROKER_URL: `memory:${uniqueName("reserved")}`,
    ...callbackEnv(hook.url),
  });
  await enqueuer.ready;
  const body = JSON.stringify({ topic: callbackService, payload: 1 });
  for (const path of [`/proxy/${callbackService}/`, "/send"]) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(enqueuer.server.url + path, { method: "POST", headers, body });
    assert.equal(response.status, 400);
    assert.match((await response.json()).detail, /proxymq-, which is reserved/);
  }
});
