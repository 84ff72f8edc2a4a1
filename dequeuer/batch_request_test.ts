import assert from "node:assert/strict";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { batchKey, bodyKind, encodeBatch, encodeBody } from "./batch_request.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a body is JSON, text or base64, as its content type says if it is true", async (t) => {
  const json = { "content-type": "application/json; charset=utf-8" };
  const cases: [string, Record<string, string>, Uint8Array, string | undefined, string][] = [
    ["JSON, to the letter", json, bytes('{ "n": 12345678901234567890 }'), undefined, "json"],
    ["a JSON string", json, bytes('"x"'), undefined, "json"],
    ["+json", { "content-type": "application/problem+json" }, bytes("[]"), undefined, "json"],
    ["no JSON after all", json, bytes("{"), '"ew=="', "base64"],
    ["JSON that is no UTF-8", json, new Uint8Array([34, 255, 34]), '"Iv8i"', "base64"],
    ["text", { "content-type": "text/plain" }, bytes('a "b"\n'), '"a \\"b\\"\\n"', "text"],
    ["text with a BOM", { "content-type": "text/csv" }, bytes("\ufeffa"), '"\ufeffa"', "text"],
    ["XML", { "content-type": "application/xml" }, bytes("<a/>"), '"<a/>"', "text"],
    [
      "a form",
      { "content-type": "application/x-www-form-urlencoded" },
      bytes("a=1"),
      '"a=1"',
      "text",
    ],
    [
      "text that is no UTF-8",
      { "content-type": "text/plain" },
      new Uint8Array([255]),
      '"/w=="',
      "base64",
    ],
    [
      "text in another charset",
      { "content-type": "text/plain; charset=latin1" },
      bytes("a"),
      '"YQ=="',
      "base64",
    ],
    ["an image", { "content-type": "image/png" }, bytes("abc"), '"YWJj"', "base64"],
    ["no content type", {}, bytes("abc"), '"YWJj"', "base64"],
    ["compressed", { ...json, "content-encoding": "gzip" }, bytes("{}"), '"e30="', "base64"],
  ];
  for (const [name, headers, body, text, as] of cases) {
    await t.step(name, () => {
      assert.deepEqual(encodeBody({ headers, body }), {
        json: text ?? new TextDecoder().decode(body),
        as,
      });
    });
  }
  assert.deepEqual(encodeBody({ headers: json, body: bytes("") }), { json: undefined, as: "text" });
});

Deno.test("content types", () => {
  assert.equal(bodyKind("application/jsonx"), "base64");
  assert.equal(bodyKind(["text/plain", "text/html"]), "base64");
  assert.equal(bodyKind('text/html; charset="UTF-8"'), "text");
  assert.equal(bodyKind("image/svg+xml"), "base64");
  assert.equal(bodyKind("application/atom+xml"), "text");
});

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
