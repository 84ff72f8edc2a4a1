import { deepEqual, equal, match } from "node:assert/strict";
import { addressPolicy } from "../../shared/http/address_policy.ts";
import { createApp, type UrlFetcherDeps } from "./app.ts";
import type { HttpGet } from "./http_get.ts";

const addresses: Readonly<Record<string, readonly string[]>> = {
  "public.test": ["1.1.1.1"],
  "private.test": ["10.0.0.1"],
  "mixed.test": ["127.0.0.1", "1.1.1.1"],
};

function answer(status: number, headers: Record<string, string>, ...body: string[]): HttpGet {
  const chunks = body.map((chunk) => new TextEncoder().encode(chunk));
  return () =>
    Promise.resolve({
      status,
      header: (name: string) => headers[name] ?? null,
      body: ReadableStream.from(chunks),
      [Symbol.dispose]() {},
    });
}

function app(get: HttpGet, deps: Partial<UrlFetcherDeps> = {}) {
  const app = createApp({
    get,
    resolve: (hostname) => Promise.resolve(addresses[hostname] ?? []),
    policy: addressPolicy([]),
    timeoutMs: 10_000,
    maxBytes: 1000,
    ...deps,
  });
  return async (input: unknown) => {
    const body = typeof input === "string" ? input : JSON.stringify(input);
    const response = await app.request("/fetch", { method: "POST", body });
    return { response, status: response.status, body: await response.json() };
  };
}

const page = answer(200, { "content-type": "text/html" }, "<title>Hi</ti", "tle>");

Deno.test("a page is reported", async () => {
  const { status, body } = await app(page)({ url: "http://public.test" });
  equal(status, 200);
  const { timing, ...rest } = body;
  deepEqual(rest, {
    url: "http://public.test/",
    final_url: "http://public.test/",
    status: 200,
    title: "Hi",
    content_type: "text/html",
    bytes: 17,
    truncated: false,
  });
  equal(timing.total_ms >= timing.first_byte_ms, true);
});

Deno.test("an upstream's error status is a report, not an error", async () => {
  const { status, body } = await app(answer(503, {}))({ url: "http://public.test/" });
  deepEqual([status, body.status, body.title, body.bytes], [200, 503, null, 0]);
});

Deno.test("a body is cut at max_bytes, and told to be", async () => {
  const get = answer(200, { "content-type": "text/plain" }, "12345", "67890");
  const url = "http://public.test/";
  for (const [max_bytes, bytes, truncated] of [[9, 9, true], [10, 10, false], [5, 5, true]]) {
    const { body } = await app(get)({ url, max_bytes });
    deepEqual([body.bytes, body.truncated], [bytes, truncated]);
  }
});

Deno.test("the connection is made to admitted addresses only", async () => {
  const seen: (readonly string[])[] = [];
  const get: HttpGet = (url, addresses, signal) => {
    seen.push(addresses);
    return page(url, addresses, signal);
  };
  equal((await app(get)({ url: "http://mixed.test/" })).status, 200);
  deepEqual(seen, [["1.1.1.1"]]);
});

Deno.test("bad input is 400 and names what was wrong", async (t) => {
  const cases: [string, unknown, RegExp][] = [
    ["no JSON", "url=x", /must be JSON/],
    ["no object", [1], /\(body\).*must be an object/],
    ["no URL", {}, /"url".*must be a string/],
    ["a relative URL", { url: "/x" }, /"url".*absolute URL/],
    ["a timeout above the limit", { url: "http://public.test", timeout_ms: 10_001 }, /1 to 10000/],
    ["a size of zero", { url: "http://public.test", max_bytes: 0 }, /1 to 1000/],
    ["a fraction", { url: "http://public.test", max_bytes: 1.5 }, /1 to 1000/],
    ["something unknown", { url: "http://public.test", method: "PUT" }, /method/],
  ];
  for (const [name, input, expected] of cases) {
    await t.step(name, async () => {
      const { response, status, body } = await app(page)(input);
      equal(status, 400);
      equal(response.headers.get("content-type"), "application/problem+json");
      equal(body.type, "urn:url-fetcher:invalid-input");
      match(JSON.stringify(body), expected);
    });
  }
});

Deno.test("a URL that is not fetched is 422, wherever it turns up", async (t) => {
  const urls = [
    "ftp://public.test/",
    "file:///etc/passwd",
    "data:text/html,x",
    "http://user:secret@public.test/",
    "http://private.test/",
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://169.254.169.254/latest/meta-data",
  ];
  for (const url of urls) {
    await t.step(url, async () => {
      const { status, body } = await app(page)({ url });
      equal(status, 422);
      equal(body.type, "urn:url-fetcher:url-refused");
      equal(JSON.stringify(body).includes("secret"), false);
    });
    await t.step(`redirect to ${url}`, async () => {
      const get = answer(302, { location: url });
      equal((await app(get)({ url: "http://public.test/" })).status, 422);
    });
  }
});

Deno.test("five redirects are followed, a sixth is not", async () => {
  const redirects = (count: number): HttpGet => (url, addresses, signal) => {
    const hop = Number(url.pathname.slice(1));
    const get = hop < count ? answer(307, { location: `/${hop + 1}` }) : page;
    return get(url, addresses, signal);
  };
  const url = "http://public.test/0";
  const { body } = await app(redirects(5))({ url });
  equal(body.final_url, "http://public.test/5");
  const { status, body: problem } = await app(redirects(6))({ url });
  equal(status, 502);
  match(problem.detail, /more than 5 redirects/);
});

Deno.test("a redirect to what is no URL is 502, one without a location is the answer", async () => {
  const url = "http://public.test/";
  equal((await app(answer(301, { location: "http://" }))({ url })).status, 502);
  equal((await app(answer(304, {}))({ url })).body.status, 304);
  equal((await app(answer(301, {}))({ url })).body.status, 301);
});

Deno.test("what cannot be reached is 502, what is too slow is 504", async () => {
  const url = "http://public.test/";
  const unreachable: HttpGet = () => Promise.reject(new Error("connection refused"));
  const { status, body } = await app(unreachable)({ url });
  deepEqual([status, body.detail], [502, "connection refused"]);

  const hanging: HttpGet = (_url, _addresses, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const slow = await app(hanging)({ url, timeout_ms: 10 });
  equal(slow.status, 504);
  match(slow.body.detail, /within 10 ms/);

  const resolve = () => new Promise<never>(() => {});
  equal((await app(page, { resolve })({ url, timeout_ms: 10 })).status, 504);
});

Deno.test("other routes, methods and sizes are told what there is", async () => {
  const app = createApp({
    get: page,
    resolve: () => Promise.resolve([]),
    policy: addressPolicy([]),
    timeoutMs: 1000,
    maxBytes: 1000,
  });
  deepEqual(await (await app.request("/health")).json(), { status: "ok" });
  equal((await app.request("/")).status, 404);
  const get = await app.request("/fetch");
  deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);
  const body = JSON.stringify({ url: "http://public.test/" + "x".repeat(20_000) });
  equal((await app.request("/fetch", { method: "POST", body })).status, 413);
});

Deno.test("a batch: each answered by itself, all at once", async () => {
  const get: HttpGet = (url, addresses, signal) =>
    url.pathname === "/down" ? Promise.reject(new Error("refused")) : page(url, addresses, signal);
  const app = createApp({
    get,
    resolve: (hostname) => Promise.resolve(addresses[hostname] ?? []),
    policy: addressPolicy([]),
    timeoutMs: 1000,
    maxBytes: 1000,
  });
  const item = (id: string, body: unknown, path = "/fetch") => ({ id, method: "POST", path, body });
  const post = (body: unknown) =>
    app.request("/batch", { method: "POST", body: JSON.stringify(body) });
  const response = await post([
    item("a", { url: "http://public.test/" }),
    item("b", { url: "http://private.test/" }),
    item("c", { url: "http://public.test/down" }),
    item("d", {}),
    item("e", { url: "http://public.test/" }, "/health"),
    item("f", { url: "http://public.test/x" }, "/fetch?again"),
  ]);
  equal(response.status, 200);
  const answers = await response.json();
  deepEqual(
    answers.map(({ id, status }: { id: string; status: number }) => `${id} ${status}`),
    ["a 200", "b 422", "c 502", "d 400", "e 404", "f 200"],
  );
  equal(answers[0].body.title, "Hi");
  equal(answers[1].headers["content-type"], "application/problem+json");
  equal(answers[5].body.url, "http://public.test/x");
  for (const bad of [[], {}, [{ url: "http://public.test/" }]]) {
    equal((await post(bad)).status, 400);
  }
  equal((await app.request("/batch")).status, 405);
});
