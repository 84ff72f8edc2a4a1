import { deepEqual, equal, match } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { startUrlFetcher } from "./main.ts";

const html = "<!doctype html><title>Caf\xe9 &amp; more</title>" + "x".repeat(1000);

const routes: Readonly<Record<string, (request: Request) => Response>> = {
  "/page": () => {
    const bytes = Uint8Array.from(html, (character) => character.charCodeAt(0));
    return new Response(bytes, { headers: { "content-type": "text/html; charset=latin1" } });
  },
  "/gzip": () => {
    const headers = { "content-type": "text/html", "content-encoding": "gzip" };
    return new Response(new Uint8Array(gzipSync("<title>zipped</title>")), { headers });
  },
  "/gzip-empty": () => new Response(null, { status: 304, headers: { "content-encoding": "gzip" } }),
  "/redirect": () => new Response(null, { status: 302, headers: { location: "/page" } }),
  "/host": (request) => {
    const headers = { "content-type": "text/html" };
    return new Response(`<title>${request.headers.get("host")}</title>`, { headers });
  },
  "/endless": () => {
    const pull = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new Uint8Array(65_536));
    return new Response(new ReadableStream({ pull }));
  },
  "/stuck": () => new Response(new ReadableStream()),
};

function origin(): AsyncDisposable & { port: number } {
  const handler = (request: Request) =>
    routes[new URL(request.url).pathname]?.(request) ?? new Response(null, { status: 404 });
  const stop = new AbortController();
  const options = { port: 0, hostname: "127.0.0.1", onListen() {}, signal: stop.signal };
  const server = Deno.serve(options, handler);
  return {
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

async function ask(base: string, input: Readonly<Record<string, unknown>>) {
  const response = await fetch(`${base}/fetch`, {
    method: "POST",
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, body: await response.json() };
}

Deno.test("real pages over real connections", async (t) => {
  await using server = origin();
  await using fetcher = startUrlFetcher({ port: 0, allowPrivate: ["localhost"] });
  const at = (path: string) => `http://localhost:${server.port}${path}`;

  await t.step("a page with a charset of its own", async () => {
    const { status, body } = await ask(fetcher.url, { url: at("/page") });
    equal(status, 200);
    deepEqual([body.title, body.bytes, body.truncated], ["Café & more", html.length, false]);
  });
  await t.step("a content encoding is taken off", async () => {
    const { body } = await ask(fetcher.url, { url: at("/gzip") });
    deepEqual([body.title, body.bytes], ["zipped", 21]);
  });
  await t.step("an encoded answer without a body", async () => {
    const { body } = await ask(fetcher.url, { url: at("/gzip-empty") });
    deepEqual([body.status, body.bytes], [304, 0]);
  });
  await t.step("a redirect", async () => {
    const { body } = await ask(fetcher.url, { url: at("/redirect") });
    deepEqual([body.final_url, body.status], [at("/page"), 200]);
  });
  await t.step(
    "the host header is the URL's, though the address was looked up before",
    async () => {
      const { body } = await ask(fetcher.url, { url: at("/host") });
      equal(body.title, `localhost:${server.port}`);
    },
  );
  await t.step("an endless body is cut", async () => {
    const { body } = await ask(fetcher.url, { url: at("/endless"), max_bytes: 100_000 });
    deepEqual([body.bytes, body.truncated], [100_000, true]);
  });
  await t.step("a body that never comes is 504", async () => {
    equal((await ask(fetcher.url, { url: at("/stuck"), timeout_ms: 100 })).status, 504);
  });
  await t.step("the same server by an address that is not allowed is 422", async () => {
    const { status } = await ask(fetcher.url, { url: `http://127.0.0.1:${server.port}/page` });
    equal(status, 422);
  });
});

Deno.test("a port where nobody listens, and a name that is none, are 502", async () => {
  const free = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = free.addr;
  free.close();
  await using fetcher = startUrlFetcher({ port: 0, allowPrivate: true });
  const refused = await ask(fetcher.url, { url: `http://127.0.0.1:${port}/` });
  equal(refused.status, 502);
  match(refused.body.detail, /ECONNREFUSED/);
  equal((await ask(fetcher.url, { url: "http://nowhere.invalid/" })).status, 502);
});
