import assert from "node:assert/strict";
import { bodyKind, encodeBody, type EncodedBody } from "./encoded_body.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a body as JSON: JSON to the letter, text as a string, bytes as base64", () => {
  const json = "application/json";
  const cases: [string, Uint8Array, string | undefined, string | undefined, EncodedBody["as"]][] = [
    ["JSON", bytes('{"a": 1}'), json, '{"a": 1}', "json"],
    [
      "more digits than a number holds",
      bytes("12345678901234567890"),
      json,
      "12345678901234567890",
      "json",
    ],
    ["JSON with a charset", bytes("[1]"), `${json}; charset="UTF-8"`, "[1]", "json"],
    ["JSON by its suffix", bytes("{}"), "application/problem+json", "{}", "json"],
    ["JSON that is none", bytes("{"), json, '"ew=="', "base64"],
    ["nothing", bytes(""), json, undefined, "text"],
    ["text that looks like JSON", bytes("[1]"), "text/plain", '"[1]"', "text"],
    [
      "a type that only starts like JSON",
      bytes("[1]"),
      "application/jsonlines",
      '"WzFd"',
      "base64",
    ],
    ["text", bytes('a "b"\n\0ä€😀'), "Text/HTML", JSON.stringify('a "b"\n\0ä€😀'), "text"],
    ["a form", bytes("a=b"), "application/x-www-form-urlencoded", '"a=b"', "text"],
    ["a byte order mark", bytes("\ufeffx"), "text/plain", JSON.stringify("\ufeffx"), "text"],
    ["text that is no UTF-8", Uint8Array.of(0xff, 0xfe), "text/plain", '"//4="', "base64"],
    ["another charset", bytes("abc"), "text/plain; charset=utf-16", '"YWJj"', "base64"],
    ["an image", bytes("abc"), "image/png", '"YWJj"', "base64"],
    ["no content type", bytes("abc"), undefined, '"YWJj"', "base64"],
  ];
  for (const [name, body, type, expected, as] of cases) {
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    assert.deepEqual(encodeBody({ headers, body }), { json: expected, as }, name);
  }
});

Deno.test("a body with a content encoding is bytes", () => {
  const headers = { "content-type": "text/plain", "content-encoding": "gzip" };
  assert.equal(encodeBody({ headers, body: bytes("abc") }).as, "base64");
});

Deno.test("a body that is part of a larger buffer is that part", () => {
  const body = Uint8Array.of(1, 0xff, 0xfe, 2).subarray(1, 3);
  assert.deepEqual(encodeBody({ headers: {}, body }), { json: '"//4="', as: "base64" });
});

Deno.test("content types", () => {
  assert.equal(bodyKind("application/jsonx"), "base64");
  assert.equal(bodyKind(["text/plain", "text/html"]), "base64");
  assert.equal(bodyKind('text/html; charset="UTF-8"'), "text");
  assert.equal(bodyKind("image/svg+xml"), "base64");
  assert.equal(bodyKind("application/atom+xml"), "text");
});
