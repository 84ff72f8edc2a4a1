import { deepEqual, equal, match } from "node:assert/strict";
import { createApp } from "./app.ts";
import { generate } from "./generate.ts";

function app() {
  const waits: number[] = [];
  const wait = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  return { app: createApp({ paceMs: 50, wait }), waits };
}

const post = (body: unknown) => ({ method: "POST", body: JSON.stringify(body) });

Deno.test("tokens as events, each after its time, and an end", async () => {
  const { app: service, waits } = app();
  const response = await service.request("/generate", post({ prompt: "Tell me", tokens: 3 }));
  equal(response.status, 200);
  match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const tokens = [...generate("Tell me", 3)].map((token) => JSON.stringify({ token }));
  const events = (await response.text()).split("\n\n");
  deepEqual(events, [...tokens, "[DONE]"].map((data) => `data: ${data}`).concat(""));
  deepEqual(waits, [50, 50, 50]);
});

Deno.test("bad input is told what is allowed", async () => {
  const cases: [unknown, RegExp][] = [
    [{}, /prompt must be a string/],
    [{ prompt: "" }, /must not be empty/],
    [{ prompt: "x", tokens: 0 }, /tokens must be an integer from 1 to 10000/],
    [{ prompt: "x", temperature: 1 }, /temperature/],
    [[], /must be an object/],
  ];
  for (const [input, detail] of cases) {
    const response = await app().app.request("/generate", post(input));
    equal(response.status, 400);
    equal(response.headers.get("content-type"), "application/problem+json");
    match((await response.json()).detail, detail);
  }
  const large = await app().app.request("/generate", post({ prompt: "x".repeat(70_000) }));
  equal(large.status, 413);
  equal((await app().app.request("/")).status, 404);
  deepEqual(await (await app().app.request("/health")).json(), { status: "ok" });
});
