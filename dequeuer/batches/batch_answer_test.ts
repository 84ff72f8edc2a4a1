import assert from "node:assert/strict";
import { type BatchAnswer, readAnswer } from "./batch_answer.ts";
import type { ForwardResult } from "../forwarder.ts";

const items = ["a", "b", "c"].map((id) => ({ id, method: "POST" }));
const read = (answer: unknown, format: "envelopes" | "bodies" = "envelopes"): BatchAnswer => {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  return readAnswer(new TextEncoder().encode(text), items, format);
};

/** A result in few words: status, content type and body, or kind and detail. */
function shown(result: ForwardResult): string {
  if (result.kind !== "response") return `${result.kind}: ${"detail" in result && result.detail}`;
  const { status, headers, body } = result.response;
  return `${status} ${headers["content-type"] ?? "-"} ${new TextDecoder().decode(body)}`.trim();
}

function results(answer: BatchAnswer): string[] {
  assert.equal(answer.kind, "items", JSON.stringify(answer));
  return answer.kind === "items" ? answer.results.map(shown) : [];
}

Deno.test("envelopes, in any order", () => {
  const answer = read([
    { id: "c", status: 404, headers: { "content-type": "text/html" }, body: "<p>" },
    { id: "a", status: 200, body: { x: [1] } },
    { id: "b", status: 503, headers: { "Retry-After": 5, Connection: "close" } },
  ]);
  assert.deepEqual(results(answer), [
    '200 application/json {"x":[1]}',
    "503 -",
    "404 text/html <p>",
  ]);
  assert.ok(answer.kind === "items" && answer.remark === undefined);
  const [, second] = answer.results;
  assert.ok(second?.kind === "response");
  assert.deepEqual(second.response.headers, { "retry-after": "5" });
});

Deno.test("the body of an envelope", async (t) => {
  const json = { "Content-Type": "application/json" };
  const cases: [string, Record<string, unknown>, string][] = [
    ["none", {}, "200 -"],
    ["null", { body: null }, "200 -"],
    ["null as JSON", { body: null, headers: json }, "200 application/json null"],
    ["text", { body: "hi" }, "200 text/plain; charset=utf-8 hi"],
    ["a string as JSON", { body: "hi", headers: json }, '200 application/json "hi"'],
    ["a number", { body: 7 }, "200 application/json 7"],
    [
      "an object as something else",
      { body: { a: 1 }, headers: { "content-type": "x/y" } },
      '200 x/y {"a":1}',
    ],
    ["bytes", { body: "aGk=", encoding: "base64" }, "200 - hi"],
    ["bytes that are none", { body: "a!", encoding: "base64" }, "invalid-response"],
    ["another encoding", { body: "a", encoding: "hex" }, "invalid-response"],
    ["status 99", { status: 99 }, "invalid-response"],
    ["status 200.5", { status: 200.5 }, "invalid-response"],
    ["headers that are none", { headers: ["a"] }, "invalid-response"],
    ["a header with a line break", { headers: { a: "x\ny" } }, "invalid-response"],
    ["a header that is an object", { headers: { a: {} } }, "invalid-response"],
    ["a header several times", { headers: { "set-cookie": ["a", "b"] } }, "200 -"],
  ];
  for (const [name, members, expected] of cases) {
    await t.step(name, () => {
      const envelopes = items.map(({ id }) => ({
        id,
        status: 200,
        ...(id === "a" ? members : {}),
      }));
      const [first, ...others] = results(read(envelopes));
      assert.equal(first?.startsWith("invalid-response") ? "invalid-response" : first, expected);
      assert.deepEqual(others, ["200 -", "200 -"], "its neighbours are as they were");
    });
  }
});

Deno.test("bodies in order", () => {
  assert.deepEqual(results(read([{ x: 1 }, "text", null])), [
    '200 application/json {"x":1}',
    '200 application/json "text"',
    "200 application/json null",
  ]);
  const likeEnvelopes = items.map(({ id }) => ({ id, status: 200 }));
  assert.deepEqual(
    results(read(likeEnvelopes, "bodies"))[0],
    '200 application/json {"id":"a","status":200}',
    "who was sent bodies alone knows no ids",
  );
});

Deno.test("numbers keep their digits", () => {
  const text = '[{"n":12345678901234567890},1.50,1e3]';
  assert.deepEqual(results(read(text)), [
    '200 application/json {"n":12345678901234567890}',
    "200 application/json 1.50",
    "200 application/json 1e3",
  ]);
});

Deno.test("AWS: what is listed failed, everything else went well", () => {
  const failed = { batchItemFailures: [{ itemIdentifier: "b" }] };
  const [first, second, third] = results(read(failed));
  assert.deepEqual([first, third], ["204 -", "204 -"]);
  assert.match(second ?? "", /^failed: .*batchItemFailures/);
  assert.deepEqual(results(read({ batchItemFailures: [] })), ["204 -", "204 -", "204 -"]);
  assert.deepEqual(results(read({ batchItemFailures: null })), ["204 -", "204 -", "204 -"]);
});

Deno.test("Dapr: a status for each", () => {
  const answer = read({
    statuses: [
      { entryId: "b", status: "RETRY" },
      { entryId: "a", status: "SUCCESS" },
      { entryId: "c", status: "DROP" },
    ],
  });
  const [first, second, third] = results(answer);
  assert.equal(first, "204 -");
  assert.match(second ?? "", /^failed: .*retry/);
  assert.match(third ?? "", /^dropped: /);
});

Deno.test("too few, too many and unknown ids: those items failed, and it is said", () => {
  const one = (id: string) => ({ id, status: 200, body: id });
  const few = read([one("c"), one("a")]);
  assert.deepEqual(results(few).map((result) => result.slice(0, 6)), [
    "200 te",
    "failed",
    "200 te",
  ]);
  assert.match(few.kind === "items" ? few.remark ?? "" : "", /3 items, 2 answers: 1 missing/);
  const odd = read([one("a"), one("b"), one("b"), one("x")]);
  assert.deepEqual(results(odd).map((result) => result.slice(0, 6)), [
    "200 te",
    "failed",
    "failed",
  ]);
  assert.match(
    odd.kind === "items" ? odd.remark ?? "" : "",
    /1 missing, 1 more than once, 1 of unknown ids \("x"/,
  );
  const dapr = read({ statuses: [{ entryId: "a", status: "SUCCESS" }] });
  assert.deepEqual(results(dapr).map((result) => result.slice(0, 6)), [
    "204 -",
    "failed",
    "failed",
  ]);
});

Deno.test("an answer that does not say which item got what", () => {
  assert.equal(read([1, 2]).kind, "unclear");
  assert.equal(read([1, 2, 3, 4]).kind, "unclear");
  assert.equal(read({ batchItemFailures: [{ itemIdentifier: "x" }] }).kind, "unclear");
  assert.equal(read({ batchItemFailures: [{}] }).kind, "unclear");
});

Deno.test("anything else is refused with what is allowed", async (t) => {
  const cases: [string, unknown, RegExp][] = [
    ["no JSON", "<html>", /not JSON/],
    ["empty", "", /not JSON/],
    ["a string", '"ok"', /none of the forms/],
    ["an object", { ok: true }, /none of the forms/],
    ["envelopes and others", [{ id: "a", status: 200 }, { x: 1 }, { x: 2 }], /item 1 of the array/],
    ["failures that are no array", { batchItemFailures: "a" }, /no array/],
    ["statuses that are no array", { statuses: {} }, /no array/],
    ["an unknown status", { statuses: [{ entryId: "a", status: "OK" }] }, /SUCCESS, RETRY or DROP/],
  ];
  for (const [name, answer, detail] of cases) {
    await t.step(name, () => {
      const read1 = read(answer);
      assert.ok(read1.kind === "invalid");
      assert.match(read1.detail, detail);
      assert.match(read1.detail, /allowed are/);
    });
  }
  assert.equal(readAnswer(new Uint8Array([0xff]), items, "envelopes").kind, "invalid");
});
