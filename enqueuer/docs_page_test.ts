import { equal, match, ok } from "node:assert/strict";
import { Hono } from "hono";
import { docsPage } from "./docs_page.ts";

const openapiUrl = "openapi.json";

function app(title = "ProxyMQ") {
  return new Hono().route("/x/docs", docsPage({ title, openapiUrl }));
}

async function text(response: Response): Promise<string> {
  const { body } = response;
  if (!body || response.headers.get("content-encoding") !== "gzip") return await response.text();
  return await new Response(body.pipeThrough(new DecompressionStream("gzip"))).text();
}

Deno.test("the page refers to its assets and to the document relative to itself", async () => {
  const html = await text(await app().request("/x/docs"));
  const urls = [...html.matchAll(/(?:href|src|data-openapi)="([^"]+)"/g)].map(([, url]) => url);
  equal(urls.includes("openapi.json"), true);
  for (const url of urls.filter((url) => url !== openapiUrl && url !== "data:,")) {
    match(url ?? "", /^docs\//);
    const response = await app().request(`/x/${url}`);
    equal(response.status, 200, url);
    await response.body?.cancel();
  }
});

Deno.test("the page lets its own origin in and nothing else, and has no inline script", async () => {
  const response = await app().request("/x/docs");
  const policy = response.headers.get("content-security-policy") ?? "";
  match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
  equal(/unsafe|http|\*/.test(policy), false);
  const html = await text(response);
  equal(/<script(?![^>]*\bsrc=)|<style|\bon\w+=|https?:/.test(html), false);
});

Deno.test("a title is text, not HTML", async () => {
  const html = await text(await app(`<b>"x"`).request("/x/docs"));
  equal(html.includes("<b>"), false);
  match(html, /<title>&#60;b&#62;&#34;x&#34;<\/title>/);
});

Deno.test("assets are compressed for who takes it, and are the same for who does not", async () => {
  const docs = app();
  for (
    const [name, type] of [
      ["swagger-ui-bundle.js", "text/javascript; charset=utf-8"],
      ["swagger-ui.css", "text/css; charset=utf-8"],
      ["init.js", "text/javascript; charset=utf-8"],
      ["page.css", "text/css; charset=utf-8"],
    ]
  ) {
    const ask = (encodings: string) =>
      docs.request(`/x/docs/${name}`, { headers: { "accept-encoding": encodings } });
    const zipped = await ask("gzip, br");
    const plain = await ask("gzip;q=0");
    equal(zipped.headers.get("content-encoding"), "gzip");
    equal(plain.headers.get("content-encoding"), null);
    for (const response of [zipped, plain]) {
      equal(response.headers.get("content-type"), type);
      equal(response.headers.get("vary"), "accept-encoding");
      equal(response.headers.get("x-content-type-options"), "nosniff");
    }
    const content = await text(plain);
    ok(content.length > 100);
    equal(await text(zipped), content);
  }
});

Deno.test("an asset that the browser has is not sent again", async () => {
  const docs = app();
  const url = "/x/docs/swagger-ui.css";
  const first = await docs.request(url);
  const etag = first.headers.get("etag") ?? "";
  match(etag, /^W\/"[0-9a-f]{32}"$/);
  equal(first.headers.get("cache-control"), "no-cache");
  await first.body?.cancel();
  const again = await docs.request(url, { headers: { "if-none-match": `"other", ${etag}` } });
  equal(again.status, 304);
  equal(again.headers.get("etag"), etag);
  equal(await again.text(), "");
});

Deno.test("a slash at the end leads to the page, other names lead nowhere", async () => {
  const slash = await app().request("/x/docs/");
  equal(slash.status, 308);
  equal(new URL(slash.headers.get("location") ?? "", "http://h/x/docs/").pathname, "/x/docs");
  for (const name of ["package.json", "../docs_page.ts", "a/init.js", "__proto__"]) {
    equal((await app().request(`/x/docs/${name}`)).status, 404, name);
  }
});
