import { deepEqual, equal } from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import type { Page } from "playwright-core";
import { docsPage } from "../../enqueuer/docs_page.ts";
import { ensureChromium, launchChromium } from "./chromium.ts";

const openapi = {
  openapi: "3.1.0",
  info: { title: "Orders", version: "1.0.0", description: "Takes orders." },
  paths: {
    "/orders": {
      post: {
        summary: "Takes an order",
        parameters: [
          {
            name: "Prefer",
            in: "header",
            description: "`respond-async`, `wait=N`",
            schema: { type: "string" },
          },
        ],
        requestBody: {
          content: { "application/json": { schema: { $ref: "#/components/schemas/Order" } } },
        },
        responses: { 202: { description: "Accepted" }, 503: { description: "The queue is full" } },
      },
    },
    "/orders/{id}": {
      get: {
        summary: "Shows an order",
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        responses: { 200: { description: "The order" } },
      },
    },
  },
  components: {
    schemas: {
      Order: {
        type: "object",
        required: ["item"],
        properties: { item: { type: "string" }, count: { type: ["integer", "null"], default: 1 } },
      },
    },
  },
};

/** What the browser is sent to: anything that has `/docs` and the document it shows. */
function appUnderTest(): { fetch: (request: Request) => Response | Promise<Response> } {
  return new Hono()
    .get("/behind/a/prefix/openapi.json", (c) => c.json(openapi))
    .route("/behind/a/prefix/docs", docsPage({ title: "ProxyMQ", openapiUrl: "openapi.json" }));
}

const docsPath = "/behind/a/prefix/docs";
const screenshots = join(tmpdir(), "proxymq-screenshots");
const browser = await ensureChromium();
const missing = "missing" in browser ? browser.missing : undefined;

Deno.test({
  name: `the docs page works in a browser without internet${missing ? ` [${missing}]` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    if (!("path" in browser)) return;
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => appUnderTest().fetch(request),
    );
    const origin = `http://127.0.0.1:${server.addr.port}`;
    await using chromium = await launchChromium(browser.path);
    const page = await chromium.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(15_000);
    const seen = await watch(page, origin);

    await page.goto(origin + docsPath);
    const operations = page.locator(".opblock");
    await operations.first().waitFor();
    equal(await operations.count(), 2);
    await screenshot(page, "docs");

    const order = operations.filter({ hasText: "Takes an order" });
    await order.locator(".opblock-summary-control").click();
    await order.getByText("The queue is full").waitFor();
    await order.getByText("Schema", { exact: true }).first().click();
    await order.locator(".opblock-body").getByText("item").first().waitFor();
    await screenshot(page, "operation");

    await page.setViewportSize({ width: 390, height: 800 });
    await screenshot(page, "narrow");

    deepEqual(seen, { outside: [], complaints: [] });
  },
});

/** Collects what the page asks of others, which is kept from it, and what it complains about. */
async function watch(page: Page, origin: string) {
  const seen = { outside: [] as string[], complaints: [] as string[] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("requestfailed", (request) => seen.complaints.push(`failed: ${request.url()}`));
  page.on("response", (response) => {
    if (response.status() >= 400) seen.complaints.push(`${response.status()}: ${response.url()}`);
  });
  await page.route("**/*", async (route) => {
    const url = route.request().url();
    if (new URL(url).origin === origin) return await route.continue();
    seen.outside.push(url);
    await route.abort();
  });
  return seen;
}

async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}
