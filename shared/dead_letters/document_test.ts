import assert from "node:assert/strict";
import { readDeadLetter } from "./dead_letter.ts";
import { letterSchema, textOf, toDocument } from "./document.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a body is text if it is UTF-8 without control characters", () => {
  for (const text of ["", "plain", "ä € 𝄞\r\n\t", "\ufeffbom"]) {
    assert.equal(textOf(bytes(text)), text);
  }
  for (const body of [[0], [255], [0xc3], [0x1b, 0x5b], [0x61, 0x7f]]) {
    assert.equal(textOf(new Uint8Array(body)), undefined);
  }
});

Deno.test("a document says all that is known, and is what its schema says", () => {
  const letter = readDeadLetter("orders", {
    correlationId: "c",
    replyTo: "r",
    timestamp: 0,
    headers: {
      method: "GET",
      path: "/",
      headers: { accept: ["a", "b"] },
      attempts: [{ at: 0, failure: "first" }, { at: 1_000, failure: "last" }],
      "dead-reason": "timeout",
      "dead-at": 2_000,
    },
    body: new Uint8Array([255]),
  });
  const document = toDocument(letter, 5_000);
  assert.deepEqual(letterSchema.parse(document), document);
  assert.deepEqual(document.body, { size: 1, base64: "/w==" });
  assert.equal(document.dead_at, "1970-01-01T00:00:02.000Z");
  assert.equal(document.age_ms, 3_000);
  assert.deepEqual(document.first_failure, { at: "1970-01-01T00:00:00.000Z", failure: "first" });
  assert.deepEqual(document.last_failure, { at: "1970-01-01T00:00:01.000Z", failure: "last" });
  assert.deepEqual(document.headers, { accept: ["a", "b"] });
  assert.deepEqual(document.properties, {
    correlation_id: "c",
    reply_to: "r",
    timestamp: "1970-01-01T00:00:00.000Z",
  });
});

Deno.test("of a body in a spool it says where that is, and its size", () => {
  const headers = { spool: "c_request", size: 2 ** 33 };
  const letter = readDeadLetter("orders", { correlationId: "c", headers, body: bytes("") });
  const document = toDocument(letter, 0);
  assert.deepEqual(letterSchema.parse(document), document);
  assert.deepEqual(document.body, headers);
  assert.equal(document.size, 2 ** 33);
  const odd = readDeadLetter("orders", { headers: { spool: "/", size: 1 }, body: bytes("x") });
  assert.deepEqual(toDocument(odd, 0).body, { size: 1, text: "x" });
});

Deno.test("times that no calendar has are shown as the last one there is", () => {
  const letter = readDeadLetter("x", {
    headers: { "dead-at": Number.MAX_SAFE_INTEGER },
    body: bytes(""),
  });
  assert.equal(toDocument(letter, 0).dead_at, "+275760-09-13T00:00:00.000Z");
});
