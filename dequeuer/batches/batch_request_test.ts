import assert from "node:assert/strict";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import { encodeBody } from "../../shared/message/encoded_body.ts";
import { batchKey, encodeBatch } from "./batch_request.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const post = (path: string, type: string, body: string, id: string) => {
  const request: QueuedRequest = {
    id,
    method: "POST",
    path,
    headers: { "content-type": type },
    body: bytes(body),
  };
  const headers = { ...request.headers, "x-tag": ["a", "b"], "proxymq-attempt": "1" };
  return { id, request, headers, body: encodeBody(request) };
};

Deno.test("envelopes: everything of each request, its body as what it is", () => {
  const entries = [
    post("/a?b", "application/json", '{"n": 1.0}', "1"),
    post("/a", "text/plain", "hi", "2"),
    post("/a", "application/octet-stream", "\0", "3"),
    post("/a", "text/plain", "", "4"),
  ];
  const text = encodeBatch(entries, "envelopes");
  assert.ok(text.includes('"body":{"n": 1.0}'));
  const sent = JSON.parse(text);
  assert.deepEqual(sent[0], {
    id: "1",
    method: "POST",
    path: "/a?b",
    headers: { "content-type": "application/json", "x-tag": ["a", "b"], "proxymq-attempt": "1" },
    body: { n: 1 },
  });
  assert.equal(sent[1].body, "hi");
  assert.deepEqual([sent[2].body, sent[2].encoding], ["AA==", "base64"]);
  assert.ok(!("body" in sent[3]) && !("encoding" in sent[1]));
});

Deno.test("bodies: just those", () => {
  const entries = ['{"a":1}', "[2]", '"c"'].map((body) =>
    post("/", "application/json", body, body)
  );
  assert.equal(encodeBatch(entries, "bodies"), '[{"a":1},[2],"c"]');
});

Deno.test("what is batched together", async (t) => {
  const headers = { "x-tenant": "a" };
  const one = { method: "POST", path: "/embed?x=1", headers };
  const same = (other: Partial<typeof one>, format: "envelopes" | "bodies", header?: string) =>
    batchKey(one, format, header) === batchKey({ ...one, ...other }, format, header);
  const cases: [string, boolean, boolean][] = [
    ["another method", same({ method: "PUT" }, "envelopes"), false],
    ["another path", same({ path: "/other" }, "envelopes"), false],
    ["another query, which the envelope tells", same({ path: "/embed?x=2" }, "envelopes"), true],
    ["another query, which bodies do not", same({ path: "/embed?x=2" }, "bodies"), false],
    ["another header", same({ headers: { "x-tenant": "b" } }, "envelopes"), true],
    ["another key header", same({ headers: { "x-tenant": "b" } }, "envelopes", "x-tenant"), false],
    ["the same key header", same({ path: "/embed" }, "envelopes", "x-tenant"), true],
  ];
  for (const [name, got, expected] of cases) await t.step(name, () => assert.equal(got, expected));
});
