import assert from "node:assert/strict";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { callbackFor } from "./callback.ts";
import type { Outcome } from "./outcome.ts";

const url = "https://example.com/hook";
const request: QueuedRequest = {
  id: "id-1",
  method: "POST",
  path: "/",
  headers: {},
  body: new Uint8Array(0),
  callback: url,
};
const circumstances = { service: "orders", run: 1, now: 5 };
const response = (status: number) => ({ status, headers: {}, body: new Uint8Array(1) });

Deno.test("what a request's end makes of a callback", () => {
  const dead = { kind: "dead", reason: "r", failure: "f", response: response(503) } as const;
  const cases: [Outcome, string | undefined, number | undefined][] = [
    [{ kind: "answered", response: response(200) }, "succeeded", 200],
    [{ kind: "answered", response: response(399) }, "succeeded", 399],
    [{ kind: "answered", response: response(400) }, "failed", 400],
    [{ kind: "answered", response: response(500) }, "failed", 500],
    [dead, "dead", 503],
    [{ kind: "expired" }, "dead", 504],
    [{ kind: "cancelled" }, "cancelled", undefined],
    [{ kind: "retry", delayMs: 1, countsAttempt: true, failure: "f" }, undefined, undefined],
    [{ kind: "postponed" }, undefined, undefined],
    [{ kind: "released" }, undefined, undefined],
  ];
  for (const [end, state, status] of cases) {
    const callback = callbackFor(request, end, circumstances);
    assert.equal(callback?.state, state, end.kind);
    assert.equal(callback?.response?.status, status, end.kind);
    if (!callback) continue;
    const { response: _, state: __, ...rest } = callback;
    assert.deepEqual(rest, { id: "id-1", url, service: "orders", run: 1, at: 5 });
  }
});

Deno.test("a request that asks for no callback gets none, and one without an id gets one", () => {
  const end: Outcome = { kind: "cancelled" };
  const { callback: _, ...silent } = request;
  assert.equal(callbackFor(silent, end, circumstances), undefined);
  const { id } = callbackFor({ ...request, id: undefined }, end, circumstances) ?? {};
  assert.match(id ?? "", /^[0-9a-f-]{36}$/);
});
