import { deepEqual, equal, match } from "node:assert/strict";
import { createApp } from "./app.ts";
import { dimensions } from "./embed.ts";

async function post(path: string, body: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await createApp().request(path, { method: "POST", body: text });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: await response.json(),
  };
}

const inBatch = (id: string, body: unknown, path = "/embed") => ({
  id,
  method: "POST",
  path,
  body,
});

Deno.test("a text's embedding", async () => {
  const { status, body } = await post("/embed", { text: "hello" });
  equal(status, 200);
  equal(body.embedding.length, dimensions);
});

Deno.test("a batch: each answer by its id, what is wrong with one is its own affair", async () => {
  const { body: alone } = await post("/embed", { text: "hello" });
  const { status, body } = await post("/batch", [
    inBatch("a", { text: "hello" }),
    inBatch("b", { txt: "hello" }),
    inBatch("c", { text: "hello" }),
    inBatch("d", { text: "hello" }, "/elsewhere"),
    inBatch("e", undefined),
  ]);
  equal(status, 200);
  deepEqual(
    body.map(({ id, status }: { id: string; status: number }) => `${id} ${status}`),
    ["a 200", "b 400", "c 200", "d 404", "e 400"],
  );
  deepEqual(body[0].body, alone);
  deepEqual(body[2].body, alone);
  equal(body[1].headers["content-type"], "application/problem+json");
  match(body[1].body.detail, /text must be a string/);
});

Deno.test("bad input is told what is allowed", async () => {
  const cases: [string, unknown, RegExp][] = [
    ["/embed", "no JSON", /\{"text": string\}/],
    ["/embed", { text: 7 }, /text must be a string/],
    ["/embed", { text: "x".repeat(20_001) }, /at most 20000/],
    ["/batch", {}, /array of 1 to 1024/],
    ["/batch", [], /array of 1 to 1024/],
    ["/batch", [{ text: "x" }], /0\.id/],
  ];
  for (const [path, input, detail] of cases) {
    const { status, type, body } = await post(path, input);
    deepEqual([status, type], [400, "application/problem+json"]);
    match(body.detail, detail);
  }
  equal((await post("/", {})).status, 404);
});
