import { deepEqual, equal } from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { exampleService } from "../../enqueuer/examples.ts";
import { uniqueName } from "../brokers.ts";
import { microservice, startStack } from "../e2e/stack.ts";
import { ensureChromium, launchChromium } from "./chromium.ts";

const screenshots = join(tmpdir(), "proxymq-screenshots");
const browser = await ensureChromium();
const missing = "missing" in browser ? browser.missing : undefined;

Deno.test({
  name: `the docs page works in a browser without internet${missing ? ` [${missing}]` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    if (!("path" in browser)) return;
    await using upstream = microservice((request) =>
      new Response(`you asked for ${new URL(request.url).pathname}`)
    );
    await using stack = await startStack({
      brokerUrl: `memory:${uniqueName("docs")}`,
      service: exampleService,
      target: upstream.url,
    });
    const origin = stack.enqueuer.server.url;
    await using chromium = await launchChromium(browser.path);
    const page = await chromium.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(15_000);
    const seen = await watch(page, origin);

    await page.goto(`${origin}/docs`);
    const operations = page.locator(".opblock");
    await operations.first().waitFor();
    await screenshot(page, "docs");

    const get = operations.filter({ hasText: "GET through the service's queue" });
    await get.locator(".opblock-summary-control").click();
    await get.getByText("The broker is down or the queue is full").waitFor();
    await get.getByRole("button", { name: "Try it out" }).click();
    const sent = page.waitForRequest(`${origin}/proxy/**`);
    await get.getByRole("button", { name: "Execute" }).click();
    const answered = get.locator(".live-responses-table");
    await answered.getByText("you asked for /health").waitFor();
    // What can be left out is left out, though it has examples.
    const headers = await (await sent).allHeaders();
    for (const name of ["prefer", "idempotency-key", "proxymq-delay", "proxymq-priority"]) {
      equal(headers[name], undefined, name);
    }
    await get.getByPlaceholder("path").fill("hello");
    await get.locator("select").first().selectOption("with respond-async");
    await get.getByRole("button", { name: "Execute" }).click();
    await answered.getByText('"status": "queued"').waitFor();

    const send = operations.filter({ hasText: "Puts a payload into a service's queue" });
    await send.locator(".opblock-summary-control").click();
    await send.getByRole("button", { name: "Try it out" }).click();
    await send.getByRole("button", { name: "Execute" }).click();
    await send.locator(".live-responses-table").getByText('"status": "queued"').waitFor();
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
