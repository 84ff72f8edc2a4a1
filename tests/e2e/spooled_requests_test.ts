import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { brokersUnderTest, eventually, type TestBroker } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import {
  type BodyService,
  bodyService,
  largeBody,
  postStream,
  spoolsLeft,
} from "./body_service.ts";
import { type Env, type Stack, startStack } from "./stack.ts";
import { patterned } from "./stream_service.ts";

const mib = 2 ** 20;
const adminKey = "an-admin-key";
const env: Env = {
  ENQUEUER_MAX_BODY_BYTES: "1GiB",
  ENQUEUER_ADMIN_KEYS: adminKey,
  DEQUEUER_RETRY_BASE: "10ms",
  DEQUEUER_MAX_ATTEMPTS: "2",
};

function forEachBroker(name: string, test: (place: TestBroker) => Promise<void>): void {
  for (const broker of brokersUnderTest.filter(({ name }) => name !== "rabbitmq classic")) {
    Deno.test({
      name: `${name}, over ${broker.name}`,
      ignore: broker.missing !== undefined,
      async fn() {
        await using place = await broker.setUp();
        await test(place);
      },
    });
  }
}

async function start(
  place: TestBroker,
  upstream: BodyService,
  more: Env = {},
): Promise<Stack & { readonly service: string }> {
  const service = place.service();
  const { url: brokerUrl } = place;
  const stack = await startStack({
    brokerUrl,
    service,
    target: upstream.url,
    env: { ...env, ...more },
  });
  return { ...stack, service };
}

forEachBroker("a large body comes whole, of a length that is known or not", async (place) => {
  await using upstream = await bodyService();
  await using stack = await start(place, upstream);
  const size = 24 * mib + 1;
  const { stream, digest } = largeBody(size);
  const chunked = await postStream(stack.url, stream);
  assert.equal(await chunked.text(), "taken");
  const whole = patterned(0, size);
  const known = await fetch(stack.url, { method: "PUT", body: whole });
  assert.equal(await known.text(), "taken");
  const small = await fetch(stack.url, { method: "PUT", body: whole.subarray(0, mib) });
  assert.equal(await small.text(), "taken");
  const expected = { bytes: size, digest, length: String(size), attempt: "1" };
  assert.deepEqual(upstream.received.slice(0, 2), [expected, expected]);
  assert.equal(await spoolsLeft(stack, 0), 2);
});

forEachBroker(
  "a large body is sent again at each attempt, and again at a replay",
  async (place) => {
    await using upstream = await bodyService((response, call) => {
      response.writeHead(call < 3 || call > 3 ? 503 : 200).end();
    });
    await using stack = await start(place, upstream);
    const { stream, digest } = largeBody(9 * mib);
    const failed = await postStream(stack.url, stream);
    assert.equal(failed.status, 503);
    await failed.body?.cancel();
    assert.equal(await spoolsLeft(stack, 1), 1);

    const admin = async (method: string, path: string, body?: string) => {
      const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
      const url = `${stack.enqueuer.server.url}/dead-letters/${stack.service}${path}`;
      const response = await fetch(url, { method, headers, ...(body ? { body } : {}) });
      return await response.json();
    };
    const { items } = await eventually(async () => {
      const list = await admin("GET", "");
      return list.items.length === 1 && list;
    });
    assert.equal(items[0].size, 9 * mib);
    const { body } = await admin("GET", `/${items[0].id}`);
    assert.deepEqual(body, { spool: `${items[0].id}_request`, size: 9 * mib });

    const wanted = JSON.stringify({ ids: [items[0].id], dry_run: false });
    assert.equal((await admin("POST", "/replay", wanted)).replayed, 1);
    await eventually(() => upstream.received.length === 3);
    for (const received of upstream.received) assert.equal(received.digest, digest);
    await spoolsLeft(stack, 0);

    const discarded = await postStream(stack.url, largeBody(5 * mib).stream);
    await discarded.body?.cancel();
    const id = await eventually(async () => (await admin("GET", "")).items[0]?.id);
    const spools = (await place.open()).spools();
    assert.equal(await spools.look(`${id}_request`, 1_000), "ended");
    await admin("DELETE", "?all=true");
    assert.equal(await spools.look(`${id}_request`, 1_000), undefined);
  },
);

forEachBroker("nothing stays of a body that does not get into the queue", async (place) => {
  await using upstream = await bodyService();
  await using stack = await start(place, upstream, { ENQUEUER_MAX_BODY_BYTES: "8MiB" });
  const tooLarge = await postStream(stack.url, largeBody(9 * mib).stream);
  assert.equal(tooLarge.status, 413);
  assert.match((await tooLarge.json()).detail, /over 8388608 bytes/);
  assert.equal(await spoolsLeft(stack, 0), 1);

  // Its caller goes in the middle.
  const { hostname, port, pathname } = new URL(stack.url);
  const request = httpRequest({
    hostname,
    port,
    path: pathname,
    method: "POST",
    headers: { "content-length": 7 * mib },
  });
  request.on("error", () => {});
  request.write(patterned(0, 5 * mib));
  await eventually(async () => {
    const begun = await fetch(`${stack.enqueuer.server.url}/metrics`);
    return /proxymq_spools_begun_total 2/.test(await begun.text());
  });
  request.destroy();
  assert.equal(await spoolsLeft(stack, 0), 2);

  const nowhere = await fetch(`${stack.url}-nowhere`, {
    method: "POST",
    body: patterned(0, 5 * mib),
  });
  assert.equal(nowhere.status, 404);
  await nowhere.body?.cancel();

  const keyed = () =>
    postStream(stack.url, largeBody(6 * mib).stream, { headers: { "idempotency-key": place.url } });
  for (let n = 0; n < 2; n++) assert.equal(await (await keyed()).text(), "taken");
  assert.equal(upstream.received.length, 1);
  const other = await postStream(stack.url, largeBody(6 * mib + 1).stream, {
    headers: { "idempotency-key": place.url },
  });
  assert.equal(other.status, 422);
  await other.body?.cancel();
  assert.equal(await spoolsLeft(stack, 0), 5);
});

forEachBroker("a request whose body is gone is a dead letter, and is discarded", async (place) => {
  await using upstream = await bodyService();
  await using stack = await start(place, upstream);
  const delayed = await postStream(stack.url, largeBody(5 * mib).stream, {
    headers: { prefer: "respond-async", "proxymq-delay": "1" },
  });
  assert.equal(delayed.status, 202);
  const { id } = await delayed.json();
  const broker = await place.open();
  await broker.spools().delete(`${id}_request`);
  const response = await eventually(async () => {
    const got = await fetch(`${stack.enqueuer.server.url}/requests/${id}/response`);
    if (got.status !== 409) return got;
    await got.body?.cancel();
    return false;
  });
  assert.ok(response);
  assert.equal(response.status, 502);
  const problem = await response.json();
  assert.equal(problem.type, "urn:proxymq:problem:body-gone");
  assert.match(problem.detail, /the request's body: there is no spool/);
  assert.equal(upstream.received.length, 0);
  const admin = `${stack.enqueuer.server.url}/dead-letters/${stack.service}`;
  const headers = { authorization: `Bearer ${adminKey}` };
  await eventually(async () => {
    const { items } = await (await fetch(admin, { headers })).json();
    assert.equal(items[0].reason, "body-gone");
    return true;
  });
});

forEachBroker(
  "a caller who hangs up while its body is sent ends that, and leaves nothing",
  async (place) => {
    await using upstream = await bodyService(undefined, (request) => {
      request.once("data", () => request.pause());
      request.on("error", () => {});
      return true;
    });
    await using stack = await start(place, upstream);
    const hangUp = new AbortController();
    const { signal } = hangUp;
    const body = largeBody(16 * mib).stream;
    const call = postStream(stack.url, body, { signal });
    const gone = assert.rejects(call);
    const { url } = stack.dequeuer.server;
    await eventually(async () => await metric(url, "proxymq_spool_read_bytes_total") > 0);
    hangUp.abort();
    await gone;
    await eventually(async () =>
      await metric(url, "dequeuer_processed_total", { outcome: "cancelled" }) === 1
    );
    await spoolsLeft(stack, 0);
  },
);

Deno.test("an enqueuer that drains leaves no half body, over sqlite", async () => {
  const broker = brokersUnderTest.find(({ name }) => name === "sqlite");
  assert.ok(broker);
  await using place = await broker.setUp();
  await using upstream = await bodyService();
  await using stack = await start(place, upstream);
  const { hostname, port, pathname } = new URL(stack.url);
  const headers = { "content-length": 7 * mib };
  const request = httpRequest({ hostname, port, path: pathname, method: "POST", headers });
  request.on("error", () => {});
  request.write(patterned(0, 5 * mib));
  const url = stack.enqueuer.server.url;
  await eventually(async () => await metric(url, "proxymq_spool_written_bytes_total") > 0);
  await stack.enqueuer.close(AbortSignal.timeout(100));
  request.destroy();
  using database = new DatabaseSync(place.url.slice("sqlite:".length));
  assert.equal(database.prepare("SELECT count(*) AS count FROM spools").get()?.["count"], 0);
});
