import assert from "node:assert/strict";
import { createServer } from "node:net";
import { parseAllowEntry } from "./allow_entry.ts";
import { AllowList } from "./allow_list.ts";
import { Poster, type Resolve } from "./post.ts";

const payload = new TextEncoder().encode('{"type":"request.succeeded"}');
const running = new AbortController().signal;

interface Got {
  readonly host: string | null;
  readonly path: string;
  readonly id: string | null;
  readonly body: string;
}

/** A receiver on this machine, and what it got. */
function receiver(answer: () => Response | Promise<Response> = () => new Response("ok")) {
  const got: Got[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const { headers } = request;
    const [host, id] = [headers.get("host"), headers.get("webhook-id")];
    got.push({ host, path: pathname + search, id, body: await request.text() });
    return answer();
  });
  const { port } = server.addr;
  return { port, got, [Symbol.asyncDispose]: () => server.shutdown() };
}

function poster(
  entries: readonly string[],
  { timeoutMs = 5_000, resolve }: { timeoutMs?: number; resolve?: Resolve } = {},
): Poster {
  const allow = new AllowList(entries.flatMap((entry) => parseAllowEntry(entry) ?? []));
  return new Poster({ allow, timeoutMs, ...(resolve ? { resolve } : {}) });
}

const post = (to: Poster, url: string, signal = running) =>
  to.post(url, { "webhook-id": "id" }, payload, signal);

Deno.test("a callback arrives at the address that was checked, under its host's name", async () => {
  await using server = receiver();
  const asked: string[] = [];
  const to = poster([`http://hooks.test:${server.port}`, "127.0.0.0/8"], {
    resolve: (hostname) => {
      asked.push(hostname);
      return Promise.resolve(["10.0.0.1", "127.0.0.1"]);
    },
  });
  const result = await post(to, `http://hooks.test:${server.port}/a?b=c`);
  assert.deepEqual(result, { kind: "response", status: 200, body: new Uint8Array(0) });
  assert.deepEqual(asked, ["hooks.test"]);
  assert.deepEqual(server.got, [{
    host: `hooks.test:${server.port}`,
    path: "/a?b=c",
    id: "id",
    body: new TextDecoder().decode(payload),
  }]);
});

Deno.test("where it may not go it does not, and nothing is sent", async (t) => {
  await using server = receiver();
  const { port } = server;
  const cases: [string, readonly string[], string, readonly string[], RegExp][] = [
    [
      "a name of this machine",
      [`http://a.test:${port}`],
      `http://a.test:${port}/`,
      ["127.0.0.1"],
      /a\.test is at 127\.0\.0\.1, which is not public/,
    ],
    ["a name of private networks", [`http://a.test:${port}`], `http://a.test:${port}/`, [
      "10.0.0.1",
      "fd00::1",
    ], /10\.0\.0\.1, fd00::1/],
    [
      "IPv4 in IPv6",
      [`http://a.test:${port}`],
      `http://a.test:${port}/`,
      ["::ffff:127.0.0.1"],
      /not public/,
    ],
    [
      "a host that is not listed any more",
      ["b.test"],
      `http://a.test:${port}/`,
      ["127.0.0.1"],
      /does not list/,
    ],
    ["no URL", ["b.test"], "nonsense", [], /not one absolute/],
  ];
  for (const [name, entries, url, addresses, detail] of cases) {
    await t.step(name, async () => {
      const to = poster(entries, { resolve: () => Promise.resolve(addresses) });
      const result = await post(to, url);
      assert.equal(result.kind, "refused");
      assert.match("detail" in result ? result.detail : "", detail);
    });
  }
  assert.deepEqual(server.got, []);
});

Deno.test("a redirect is an answer like others, and is not followed", async () => {
  await using inside = receiver();
  await using server = receiver(() =>
    new Response("over there", {
      status: 302,
      headers: { location: `http://127.0.0.1:${inside.port}/` },
    })
  );
  const to = poster([`http://127.0.0.1:${server.port}`]);
  const result = await post(to, `http://127.0.0.1:${server.port}/`);
  assert.equal(result.kind === "response" && result.status, 302);
  assert.deepEqual(inside.got, []);
});

Deno.test("of a failure's body the beginning is kept, and its Retry-After", async () => {
  await using server = receiver(() =>
    new Response("x".repeat(1_000_000), { status: 503, headers: { "retry-after": "7" } })
  );
  const result = await post(
    poster([`http://127.0.0.1:${server.port}`]),
    `http://127.0.0.1:${server.port}/`,
  );
  assert.ok(result.kind === "response");
  assert.equal(result.status, 503);
  assert.equal(result.retryAfter, "7");
  assert.equal(result.body.byteLength, 4_096);
});

Deno.test("no answer in time is a timeout, and a shutdown is none", async (t) => {
  const { promise: end, resolve: answer } = Promise.withResolvers<Response>();
  await using server = receiver(() => end);
  const url = `http://127.0.0.1:${server.port}/`;
  const allow = [`http://127.0.0.1:${server.port}`];
  await t.step("no answer", async () => {
    const result = await post(poster(allow, { timeoutMs: 100 }), url);
    assert.deepEqual(result, { kind: "timeout", detail: "no answer within 100 ms" });
  });
  await t.step("no address", async () => {
    const resolve = () => new Promise<never>(() => {});
    const result = await post(poster(["a.test"], { timeoutMs: 100, resolve }), "https://a.test/");
    assert.equal(result.kind, "timeout");
  });
  await t.step("a shutdown", async () => {
    const stop = new AbortController();
    const result = post(poster(allow), url, stop.signal);
    while (server.got.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    assert.deepEqual(await result, { kind: "stopped" });
    assert.deepEqual(await post(poster(allow), url, stop.signal), { kind: "stopped" });
  });
  answer(new Response());
});

Deno.test("a host that does not answer again and again is not tried for a while", async () => {
  const { promise: end, resolve: answer } = Promise.withResolvers<Response>();
  await using server = receiver(() => end);
  const url = `http://127.0.0.1:${server.port}`;
  const to = poster([url], { timeoutMs: 20 });
  const kinds: string[] = [];
  for (let time = 0; time < 6; time++) kinds.push((await post(to, url)).kind);
  assert.deepEqual(kinds, [...Array(5).fill("timeout"), "unreachable"]);
  const last = await post(to, url);
  assert.match("detail" in last ? last.detail : "", /^not tried: 127\.0\.0\.1/);
  assert.equal(server.got.length, 5);
  answer(new Response());
});

Deno.test("a status whose body never ends is still that status", async () => {
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  const endless = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(new Uint8Array(10));
          await end;
          controller.close();
        },
      }),
      { status: 500 },
    );
  await using server = receiver(endless);
  const url = `http://127.0.0.1:${server.port}`;
  const result = await post(poster([url], { timeoutMs: 300 }), `${url}/`);
  assert.equal(result.kind === "response" && result.status, 500);
  finish();
});

Deno.test("nobody there, no such name, and no TLS are unreachable, with the reason", async (t) => {
  const free = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => free.once("listening", resolve));
  const address = free.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await new Promise((resolve) => free.close(resolve));
  await t.step("nobody there", async () => {
    const url = `http://127.0.0.1:${port}`;
    const result = await post(poster([url]), `${url}/`);
    assert.equal(result.kind, "unreachable");
    assert.match("detail" in result ? result.detail : "", /refused/i);
  });
  await t.step("no such name", async () => {
    const resolve = () => Promise.reject(new Error("getaddrinfo ENOTFOUND a.test"));
    const result = await post(poster(["a.test"], { resolve }), "https://a.test/");
    assert.deepEqual(result, { kind: "unreachable", detail: "getaddrinfo ENOTFOUND a.test" });
  });
  await t.step("no TLS", async () => {
    await using server = receiver();
    const url = `https://127.0.0.1:${server.port}`;
    assert.equal((await post(poster([url]), `${url}/`)).kind, "unreachable");
    assert.deepEqual(server.got, []);
  });
});
