import assert from "node:assert/strict";
import type { Delivery } from "../../shared/broker/broker.ts";
import { type CallbackOutcome, decide, settlementOf } from "./outcome.ts";
import type { PostResult } from "./post.ts";

const retry = { maxAttempts: 3, backoff: { baseMs: 1_000, maxMs: 60_000 } };
const body = new TextEncoder().encode("why");
const status = (status: number, retryAfter?: string): PostResult => ({
  kind: "response",
  status,
  body,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

Deno.test("what becomes of a callback", async (t) => {
  const again = (delayMs: number, failure: string): CallbackOutcome => ({
    kind: "retry",
    delayMs,
    failure,
  });
  const cases: [string, PostResult, number, CallbackOutcome][] = [
    ["200", status(200), 1, { kind: "delivered" }],
    ["299", status(299), 3, { kind: "delivered" }],
    ["a redirect", status(302), 1, again(500, "status-302")],
    ["404", status(404), 2, again(1_000, "status-404")],
    ["503 that says when", status(503, "30"), 1, again(30_000, "status-503")],
    ["429 that asks for too much", status(429, "86400"), 1, again(60_000, "status-429")],
    ["a Retry-After that is none", status(503, "soon"), 1, again(500, "status-503")],
    ["the last attempt", status(503), 3, {
      kind: "dead",
      reason: "status-503",
      failure: "status-503",
      response: { kind: "response", status: 503, body } as never,
    }],
    ["410 on the first", status(410), 1, {
      kind: "dead",
      reason: "status-410",
      failure: "status-410",
      response: { kind: "response", status: 410, body } as never,
    }],
    ["refused", { kind: "refused", detail: "private" }, 1, {
      kind: "dead",
      reason: "refused",
      failure: "private",
    }],
    [
      "nobody there",
      { kind: "unreachable", detail: "ECONNREFUSED" },
      1,
      again(500, "ECONNREFUSED"),
    ],
    ["nobody there for the last time", { kind: "unreachable", detail: "x" }, 3, {
      kind: "dead",
      reason: "unreachable",
      failure: "x",
    }],
    ["a timeout", { kind: "timeout", detail: "late" }, 2, again(1_000, "late")],
    ["a shutdown", { kind: "stopped" }, 3, { kind: "released" }],
  ];
  for (const [name, result, attempt, expected] of cases) {
    await t.step(name, () => {
      assert.deepEqual(decide(result, retry, { attempt, now: 0, random: 0.5 }), expected);
    });
  }
});

Deno.test("a failure is added to the history, and a dead letter tells of the last response", () => {
  const delivery: Delivery = {
    queue: "q",
    attempt: 2,
    redeliveries: 0,
    token: undefined,
    message: { headers: { attempts: [{ at: 1, failure: "first" }] }, body: new Uint8Array(0) },
  };
  const attempts = [{ at: 1, failure: "first" }, { at: 2, failure: "status-503" }];
  const failure = "status-503";
  assert.deepEqual(settlementOf(delivery, { kind: "retry", delayMs: 5, failure }, 2), {
    kind: "retry",
    delivery,
    delayMs: 5,
    headers: { attempts },
  });
  const response = { status: 503, body };
  assert.deepEqual(settlementOf(delivery, { kind: "dead", reason: "r", failure, response }, 2), {
    kind: "dead",
    delivery,
    reason: "r",
    headers: { attempts, "dead-status": 503, "dead-response": "why" },
  });
  assert.deepEqual(settlementOf(delivery, { kind: "delivered" }, 2), { kind: "ack", delivery });
  assert.deepEqual(settlementOf(delivery, { kind: "released" }, 2), { kind: "release", delivery });
});
