import assert from "node:assert/strict";
import type { ForwardResult } from "./forwarder.ts";
import { type Circumstances, decide, type RetryPolicy } from "./outcome.ts";

const policy: RetryPolicy = {
  maxAttempts: 3,
  statuses: new Set([429, 503]),
  backoff: { baseMs: 1_000, maxMs: 60_000 },
};
const now = 1_000_000;
const first: Circumstances = {
  requestId: "id-1",
  isEvent: false,
  attempt: 1,
  countsAttempt: true,
  deadline: now + 30_000,
  now,
  random: 0.5,
};
const last: Circumstances = { ...first, attempt: 3 };

const answer = (status: number, headers: Record<string, string> = {}): ForwardResult => ({
  kind: "response",
  response: { status, headers, body: new Uint8Array(0) },
});

Deno.test("a status that is not a failure is the microservice's answer", () => {
  for (const status of [200, 204, 301, 404, 500]) {
    const result = answer(status);
    assert.ok(result.kind === "response");
    assert.deepEqual(decide(result, policy, first), {
      kind: "answered",
      response: result.response,
    });
  }
});

Deno.test("of the answers to an event 2xx is success, 5xx may pass, and the others are dead letters", () => {
  const kind = (status: number, attempt = 1) =>
    decide(answer(status), policy, { ...first, isEvent: true, deadline: undefined, attempt }).kind;
  assert.deepEqual([200, 202, 204].map((status) => kind(status)), Array(3).fill("answered"));
  assert.deepEqual([500, 503, 599, 429].map((status) => kind(status)), Array(4).fill("retry"));
  assert.deepEqual([301, 400, 404, 422].map((status) => kind(status)), Array(4).fill("dead"));
  assert.equal(kind(500, 3), "dead");
});

Deno.test("what has streamed is done, and what broke off is not tried again", () => {
  assert.deepEqual(decide({ kind: "streamed", status: 200 }, policy, first), {
    kind: "streamed",
    status: 200,
  });
  const broken = { kind: "broken-off", status: 200, detail: "reset" } as const;
  assert.deepEqual(decide(broken, policy, first), {
    kind: "broken-off",
    status: 200,
    failure: "reset",
  });
});

Deno.test("what was written to a spool is the answer, which its requester has been told of", () => {
  const spooled = { spool: "a", size: 9 };
  const response = { status: 404, headers: {}, body: new Uint8Array(0), spooled };
  assert.deepEqual(decide({ kind: "spooled", response }, policy, last), {
    kind: "answered",
    response,
    replied: true,
  });
});

Deno.test("a failure is tried again while there are attempts and time", async (t) => {
  const unreachable: ForwardResult = { kind: "unreachable", detail: "refused" };
  const timeout: ForwardResult = { kind: "timeout", detail: "slow" };
  const cases: [string, ForwardResult, Circumstances, number | "dead"][] = [
    ["unreachable, first attempt", unreachable, first, 500],
    ["unreachable, second attempt", unreachable, { ...first, attempt: 2 }, 1_000],
    ["unreachable, last attempt", unreachable, last, "dead"],
    ["timeout", timeout, first, 500],
    ["an item that failed", { kind: "failed", detail: "left out" }, first, 500],
    ["a stored response that broke off", { kind: "cut-off", detail: "reset" }, first, 500],
    ["a body that is not to be had now", { kind: "body-unreadable", detail: "down" }, first, 500],
    ["a body that is gone", { kind: "body-gone", detail: "gone" }, first, "dead"],
    ["an item that was dropped", { kind: "dropped", detail: "dropped" }, first, "dead"],
    ["a probe on the last attempt", unreachable, { ...last, countsAttempt: false }, 2_000],
    [
      "a probe without time left",
      unreachable,
      { ...first, countsAttempt: false, deadline: now },
      "dead",
    ],
    ["503", answer(503), first, 500],
    ["503, last attempt", answer(503), last, "dead"],
    ["429 with Retry-After", answer(429, { "retry-after": "7" }), first, 7_000],
    [
      "Retry-After is cut",
      answer(429, { "retry-after": "600" }),
      { ...first, deadline: undefined },
      60_000,
    ],
    ["Retry-After after the deadline", answer(429, { "retry-after": "30" }), first, "dead"],
    ["no time left", unreachable, { ...first, deadline: now + 500 }, "dead"],
    ["just time left", unreachable, { ...first, deadline: now + 501 }, 500],
    ["the deadline has passed", timeout, { ...first, deadline: now }, "dead"],
    ["nobody waits", unreachable, { ...first, deadline: undefined }, 500],
  ];
  for (const [name, result, circumstances, expected] of cases) {
    await t.step(name, () => {
      const outcome = decide(result, policy, circumstances);
      if (expected === "dead") assert.equal(outcome.kind, "dead");
      else assert.ok(outcome.kind === "retry" && outcome.delayMs === expected);
    });
  }
});

Deno.test("the requester of a dead request gets the last response, or a problem", async (t) => {
  const cases: [ForwardResult, string, number, string | undefined][] = [
    [answer(503), "status-503", 503, undefined],
    [{ kind: "unreachable", detail: "refused" }, "unreachable", 502, "upstream-unreachable"],
    [{ kind: "timeout", detail: "slow" }, "timeout", 504, "timeout"],
    [{ kind: "invalid-request", detail: "odd" }, "invalid", 400, "bad-request"],
    [
      { kind: "invalid-response", detail: "big" },
      "invalid-response",
      502,
      "upstream-protocol-error",
    ],
    [{ kind: "failed", detail: "left out" }, "failed", 502, "upstream-failed"],
    [{ kind: "dropped", detail: "dropped" }, "dropped", 502, "upstream-failed"],
    [{ kind: "body-gone", detail: "gone" }, "body-gone", 502, "body-gone"],
    [{ kind: "body-unreadable", detail: "down" }, "body-unreadable", 503, "broker-unavailable"],
  ];
  for (const [result, reason, status, type] of cases) {
    await t.step(reason, () => {
      const outcome = decide(result, policy, last);
      assert.ok(outcome.kind === "dead");
      assert.equal(outcome.reason, reason);
      assert.equal(outcome.response.status, status);
      if (type === undefined) return;
      assert.equal(outcome.response.headers["content-type"], "application/problem+json");
      const problem = JSON.parse(new TextDecoder().decode(outcome.response.body));
      assert.equal(problem.type, `urn:proxymq:problem:${type}`);
      assert.equal(problem.request_id, "id-1");
      assert.equal("detail" in result && result.detail, problem.detail);
    });
  }
});

Deno.test("a call that was cancelled gets no response", () => {
  assert.deepEqual(decide({ kind: "cancelled" }, policy, last), { kind: "cancelled" });
});

Deno.test("a request that expired before it was sent gets no response", () => {
  assert.deepEqual(decide({ kind: "expired" }, policy, last), { kind: "expired" });
});

Deno.test("a call that was stopped gives its request back", () => {
  assert.deepEqual(decide({ kind: "stopped" }, policy, first), { kind: "released" });
});
