import assert from "node:assert/strict";
import type { ForwardResult } from "./forwarder.ts";
import { decide } from "./outcome.ts";

Deno.test("any response of the microservice is its answer", () => {
  for (const status of [200, 204, 301, 404, 500, 503]) {
    const response = { status, headers: {}, body: new Uint8Array(0) };
    assert.deepEqual(decide({ kind: "response", response }, "id"), { kind: "answered", response });
  }
});

Deno.test("a failed call is a dead letter, and its requester is told", async (t) => {
  const cases: [ForwardResult, string, number, string][] = [
    [{ kind: "unreachable", detail: "refused" }, "unreachable", 502, "upstream-unreachable"],
    [{ kind: "timeout", detail: "slow" }, "timeout", 504, "timeout"],
    [{ kind: "invalid-request", detail: "odd" }, "invalid", 400, "bad-request"],
    [
      { kind: "invalid-response", detail: "big" },
      "invalid-response",
      502,
      "upstream-protocol-error",
    ],
  ];
  for (const [result, reason, status, type] of cases) {
    await t.step(result.kind, () => {
      const outcome = decide(result, "id-1");
      assert.ok(outcome.kind === "dead");
      assert.equal(outcome.reason, reason);
      assert.equal(outcome.response.status, status);
      assert.equal(outcome.response.headers["content-type"], "application/problem+json");
      const problem = JSON.parse(new TextDecoder().decode(outcome.response.body));
      assert.equal(problem.type, `urn:proxymq:problem:${type}`);
      assert.equal(problem.request_id, "id-1");
      assert.equal("detail" in result && result.detail, problem.detail);
    });
  }
});

Deno.test("a call that was stopped gives its request back", () => {
  assert.deepEqual(decide({ kind: "stopped" }, "id"), { kind: "released" });
});
