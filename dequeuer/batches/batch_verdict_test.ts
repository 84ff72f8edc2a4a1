import assert from "node:assert/strict";
import { verdictOf } from "./batch_verdict.ts";
import type { ForwardResult } from "../forwarder.ts";

const statuses = new Set([429, 503]);
const two = ["a", "b"].map((id) => ({ id, method: "POST" }));
const one = two.slice(0, 1);

const answer = (status: number, body: unknown = ""): ForwardResult => ({
  kind: "response",
  response: {
    status,
    headers: {},
    body: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)),
  },
});

Deno.test("what follows from how the call with a batch ended", async (t) => {
  const cases: [string, ForwardResult, "each" | "halve" | "later"][] = [
    ["an answer for each", answer(200, [1, 2]), "each"],
    ["an answer for each, with 207", answer(207, [1, 2]), "each"],
    ["one that cannot be read", answer(200, "ok"), "halve"],
    ["one that does not say who got what", answer(200, [1]), "later"],
    ["400", answer(400), "halve"],
    ["413", answer(413), "halve"],
    ["500", answer(500), "halve"],
    ["a redirect", answer(307), "halve"],
    ["503", answer(503), "later"],
    ["429", answer(429), "later"],
    ["no connection, or broken off", { kind: "unreachable", detail: "reset" }, "later"],
    ["too slow", { kind: "timeout", detail: "slow" }, "later"],
    ["too large, or no HTTP", { kind: "invalid-response", detail: "large" }, "halve"],
    ["stopped", { kind: "stopped" }, "each"],
    ["all have left", { kind: "cancelled" }, "each"],
  ];
  for (const [name, result, kind] of cases) {
    await t.step(
      name,
      () => assert.equal(verdictOf(result, two, "envelopes", statuses).kind, kind),
    );
  }
});

Deno.test("an item that was alone gets what the call got", async (t) => {
  const results: ForwardResult[] = [
    answer(400),
    answer(503),
    { kind: "unreachable", detail: "reset" },
    { kind: "timeout", detail: "slow" },
    { kind: "invalid-response", detail: "large" },
  ];
  for (const result of results) {
    await t.step(JSON.stringify(result), () => {
      const verdict = verdictOf(result, one, "envelopes", statuses);
      assert.deepEqual(verdict, { kind: "each", results: [result] });
    });
  }
  const unread = verdictOf(answer(200, "ok"), one, "envelopes", statuses);
  assert.ok(unread.kind === "each" && unread.results[0]?.kind === "invalid-response");
  const unclear = verdictOf(answer(200, []), one, "envelopes", statuses);
  assert.ok(unclear.kind === "each" && unclear.results[0]?.kind === "failed");
});
