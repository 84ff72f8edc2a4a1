import assert from "node:assert/strict";
import { brokersUnderTest, eventually, type TestBroker, uniqueName } from "../brokers.ts";
import { type Env, microservice, startStack, type TestServer } from "./stack.ts";

const adminKey = "an-admin-key";
const env: Env = {
  ENQUEUER_ADMIN_KEYS: adminKey,
  DEQUEUER_RETRY_BASE: "10ms",
  DEQUEUER_MAX_ATTEMPTS: "2",
  DEQUEUER_BREAKER_FAILURES: "1000",
};

/** A call of the admin routes, and its JSON. */
type Admin = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; json: Record<string, unknown> }>;

function admin(url: string, key = adminKey): Admin {
  return async (method, path, body) => {
    const response = await fetch(`${url}/dead-letters${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === "" ? {} : JSON.parse(text) };
  };
}

/** What reached the microservice once it worked. */
interface Done {
  readonly id: string | null;
  readonly attempt: string | null;
  readonly path: string;
  readonly body: string;
}

/** A microservice that fails until it is told not to. */
function flaky(): TestServer & { working: boolean; readonly done: Done[] } {
  const done: Done[] = [];
  const state = { working: false, done };
  const server = microservice(async (request) => {
    const body = await request.text();
    if (!state.working) {
      return new Response("broken", { status: request.url.endsWith("/busy") ? 429 : 503 });
    }
    const { pathname } = new URL(request.url);
    const [id, attempt] = ["proxymq-request-id", "proxymq-attempt"].map((name) =>
      request.headers.get(name)
    );
    done.push({ id: id ?? null, attempt: attempt ?? null, path: pathname, body });
    return new Response("done");
  });
  return Object.assign(state, server);
}

/** Waits until a service has that many dead letters, and lists them. */
function listed(call: Admin, service: string, count: number): Promise<Record<string, unknown>[]> {
  return eventually(async () => {
    const { json } = await call("GET", `/${service}`);
    assert.equal(json["total"], count);
    return json["items"] as Record<string, unknown>[];
  });
}

function forEachBroker(name: string, test: (place: TestBroker) => Promise<void>): void {
  for (const broker of brokersUnderTest) {
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

forEachBroker("dead letters are listed, shown, replayed and discarded over HTTP", async (place) => {
  const service = place.service();
  await using upstream = flaky();
  await using stack = await startStack({
    brokerUrl: place.url,
    service,
    target: upstream.url,
    env,
  });
  const call = admin(stack.enqueuer.server.url);
  for (const path of ["/a", "/b", "/busy"]) {
    const response = await fetch(stack.url + path, { method: "POST", body: `precious ${path}` });
    assert.ok(response.status === 503 || response.status === 429);
    await response.body?.cancel();
  }
  const items = await listed(call, service, 3);
  assert.deepEqual(items.map(({ path }) => path), ["/a", "/b", "/busy"]);
  assert.deepEqual(items.map(({ reason }) => reason), ["status-503", "status-503", "status-429"]);
  assert.deepEqual(items.map(({ attempts }) => attempts), [2, 2, 2]);

  const some = await call("GET", `/${service}?status=429`);
  const [busy] = some.json["items"] as { id: string }[];
  assert.equal((some.json["items"] as unknown[]).length, 1);
  const old = await call("GET", `/${service}?older_than=1h`);
  assert.deepEqual(old.json["items"], []);
  const { json: shown } = await call("GET", `/${service}/${busy?.id}`);
  assert.deepEqual(shown["body"], { size: 14, text: "precious /busy" });
  assert.equal(shown["last_response"], "broken");
  assert.equal((shown["history"] as unknown[]).length, 2);

  upstream.working = true;
  const body = { filter: { reason: "status-5*" }, dry_run: true };
  const dry = await call("POST", `/${service}/replay`, body);
  assert.deepEqual(
    new Set(dry.json["ids"] as string[]),
    new Set(items.slice(0, 2).map(({ id }) => id)),
  );
  assert.equal(upstream.done.length, 0);
  const replay = await call("POST", `/${service}/replay`, { ...body, dry_run: false });
  assert.equal(replay.status, 200);
  assert.equal(replay.json["replayed"], 2);
  await eventually(() => upstream.done.length === 2);
  assert.deepEqual(
    upstream.done.toSorted((a, b) => a.path.localeCompare(b.path)),
    items.slice(0, 2).map(({ id, path }) => ({
      id,
      attempt: "1",
      path,
      body: `precious ${path}`,
    })),
  );

  assert.equal((await call("DELETE", `/${service}`)).status, 400);
  assert.equal((await call("DELETE", `/${service}/${busy?.id}`)).status, 204);
  assert.equal((await call("DELETE", `/${service}/${busy?.id}`)).status, 404);
  assert.equal((await call("GET", `/${service}/${busy?.id}`)).status, 404);
  const rest = await call("DELETE", `/${service}?all=true`);
  assert.equal(rest.json["discarded"], 0);
  assert.equal((await call("GET", `/${service}`)).json["total"], 0);
  assert.equal(upstream.done.length, 2);
});

forEachBroker("a replay that fails again is dead again, with its whole history", async (place) => {
  const service = place.service();
  await using upstream = flaky();
  await using stack = await startStack({
    brokerUrl: place.url,
    service,
    target: upstream.url,
    env,
  });
  const call = admin(stack.enqueuer.server.url);
  await (await fetch(stack.url)).body?.cancel();
  for (let replays = 0; replays < 3; replays++) {
    const [letter] = await listed(call, service, 1);
    assert.equal(letter?.["replays"], replays);
    assert.equal(letter?.["attempts"], 2 * (replays + 1));
    const { json } = await call("POST", `/${service}/replay`, { ids: [letter?.["id"]] });
    assert.equal(json["replayed"], 1);
  }
});

Deno.test("dead letters over HTTP are off until there is an admin key, and say so", async () => {
  await using upstream = flaky();
  await using stack = await startStack({
    brokerUrl: `memory:${uniqueName("off")}`,
    service: "main",
    target: upstream.url,
    env: { ENQUEUER_API_KEYS: "an-api-key", ENQUEUER_DEFAULT_SERVICE: "main" },
  });
  upstream.working = true;
  const call = admin(stack.enqueuer.server.url, "an-api-key");
  for (const [method, path] of [["GET", "/main"], ["DELETE", "/main/x"], ["PATCH", ""]]) {
    const { status, json } = await call(method ?? "", path ?? "");
    assert.equal(status, 403);
    assert.equal(json["type"], "urn:proxymq:problem:admin-disabled");
    assert.match(String(json["detail"]), /ENQUEUER_ADMIN_KEYS/);
  }
  assert.equal(upstream.done.length, 0);
});

Deno.test("an admin key is all that dead letters over HTTP need, and an API key is not", async () => {
  await using upstream = flaky();
  await using stack = await startStack({
    brokerUrl: `memory:${uniqueName("keys")}`,
    service: "main",
    target: upstream.url,
    env: { ...env, ENQUEUER_API_KEYS: "an-api-key", ENQUEUER_DEFAULT_SERVICE: "main" },
  });
  upstream.working = true;
  const { url } = stack.enqueuer.server;
  assert.equal((await admin(url)("GET", "/main")).status, 200);
  for (const key of ["an-api-key", "an-admin-ke", ""]) {
    const { status, json } = await admin(url, key)("GET", "/main");
    assert.equal(status, 401);
    assert.match(String(json["detail"]), /admin keys/);
  }
  const elsewhere = await fetch(`${url}/x`, { headers: { authorization: `Bearer ${adminKey}` } });
  assert.equal(elsewhere.status, 401);
  await elsewhere.body?.cancel();
  for (const [method, path] of [["PUT", "/main"], ["GET", ""], ["GET", "/main/x/y"]]) {
    const { status, json } = await admin(url)(method ?? "", path ?? "");
    assert.equal(status, 404);
    assert.equal(json["type"], "urn:proxymq:problem:not-found");
  }
  assert.equal(upstream.done.length, 0, "the default service got what was not for it");
});

Deno.test("bad input for dead letters is 400 and says what is allowed", async (t) => {
  await using upstream = flaky();
  await using stack = await startStack({
    brokerUrl: `memory:${uniqueName("bad")}`,
    service: "main",
    target: upstream.url,
    env,
  });
  const call = admin(stack.enqueuer.server.url);
  const cases: [string, string, unknown, RegExp][] = [
    ["GET", "/Main", undefined, /a-z 0-9/],
    ["GET", "/main?limit=0", undefined, /limit: .*>=1/],
    ["GET", "/main?older_than=5", undefined, /older_than: .*30s/],
    ["GET", "/main?reson=x", undefined, /reson/],
    ["GET", "/main?status=x", undefined, /status: /],
    ["DELETE", "/main", undefined, /all=true/],
    ["DELETE", "/main?all=true&reason=x", undefined, /not both/],
    ["DELETE", "/main?limit=3", undefined, /all=true/],
    ["POST", "/main/replay", {}, /all: true/],
    ["POST", "/main/replay", { filter: {} }, /filter: an empty filter/],
    ["POST", "/main/replay", { all: false }, /all: /],
    ["POST", "/main/replay", { all: true, ids: ["x"] }, /say which/],
    ["POST", "/main/replay", { all: true, rate: "fast" }, /rate: .*50\/s/],
    ["POST", "/main/replay", { all: true, to: "A" }, /to: .*a-z 0-9/],
    ["POST", "/main/replay", { all: true, to: "proxymq-callbacks" }, /to: .*reserved/],
    ["POST", "/main/replay", undefined, /say which/],
  ];
  for (const [method, path, body, detail] of cases) {
    await t.step(`${method} ${path} ${JSON.stringify(body) ?? ""}`, async () => {
      const { status, json } = await call(method, path, body);
      assert.equal(status, 400);
      assert.equal(json["type"], "urn:proxymq:problem:bad-request");
      assert.match(String(json["detail"]), detail);
    });
  }
  await t.step("a body that is no JSON", async () => {
    for (const [type, body] of [["application/json", "{"], ["text/plain", "{}"]]) {
      const response = await fetch(`${stack.enqueuer.server.url}/dead-letters/main/replay`, {
        method: "POST",
        headers: { authorization: `Bearer ${adminKey}`, "content-type": type ?? "" },
        body: body ?? "",
      });
      assert.equal(response.status, 400);
      assert.match((await response.json()).detail, /application\/json/);
    }
  });
  await t.step("a service that is not there", async () => {
    for (
      const [method, path, body] of [
        ["GET", "/nobody", undefined],
        ["POST", "/nobody/replay", { all: true }],
        ["POST", "/main/replay", { all: true, to: "nobody" }],
      ] as const
    ) {
      const { status, json } = await call(method, path, body);
      assert.equal(status, 404);
      assert.equal(json["type"], "urn:proxymq:problem:service-not-found");
    }
  });
});
