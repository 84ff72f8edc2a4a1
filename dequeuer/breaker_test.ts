import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { Breaker } from "./breaker.ts";
import type { ForwardResult } from "./forwarder.ts";
import { Gate } from "./gate.ts";

const good: ForwardResult = {
  kind: "response",
  response: { status: 200, headers: {}, body: new Uint8Array(0) },
};
const bad: ForwardResult = { kind: "unreachable", detail: "refused" };
const call = (result: ForwardResult) => () => Promise.resolve(result);

Deno.test("the breaker closes the gate, lets one probe through, and opens the gate again", async () => {
  const clock = FakeTimers.install({ now: 1_000_000 });
  try {
    const gate = new Gate(8);
    using breaker = new Breaker(gate, { failures: 3, failureRate: 0.5, openMs: 10_000 });
    for (let i = 0; i < 3; i++) {
      assert.equal(breaker.state, "closed");
      assert.deepEqual(await breaker.execute(call(bad)), { result: bad, probe: false });
    }
    assert.equal(breaker.state, "open");
    assert.equal(gate.prefetch, 0);
    assert.equal(await breaker.execute(call(good)), undefined, "what was in hand is not sent");

    clock.tick(10_005);
    assert.equal(gate.prefetch, 1);
    assert.deepEqual(await breaker.execute(call(bad)), { result: bad, probe: true });
    assert.equal(breaker.state, "open");
    assert.equal(gate.prefetch, 0);

    clock.tick(10_005);
    assert.deepEqual(await breaker.execute(call(good)), { result: good, probe: true });
    assert.equal(breaker.state, "closed");
    assert.equal(gate.prefetch, 8);
  } finally {
    clock.uninstall();
  }
});

Deno.test("the breaker opens by the failure rate too, once there are enough calls", async () => {
  const gate = new Gate(8);
  using breaker = new Breaker(gate, { failures: 100, failureRate: 0.5, openMs: 10_000 });
  let calls = 0;
  while (breaker.state === "closed" && calls < 100) {
    await breaker.execute(call(calls % 3 === 0 ? good : bad));
    calls++;
  }
  assert.ok(calls >= 20 && calls < 30, `opened after ${calls} calls`);
});

Deno.test("a request's own fault opens nothing", async () => {
  const gate = new Gate(8);
  using breaker = new Breaker(gate, { failures: 2, failureRate: 0.1, openMs: 10_000 });
  const results: ForwardResult[] = [
    { kind: "invalid-request", detail: "odd" },
    { kind: "invalid-response", detail: "large" },
    { kind: "stopped" },
    { kind: "response", response: { status: 500, headers: {}, body: new Uint8Array(0) } },
    { kind: "response", response: { status: 429, headers: {}, body: new Uint8Array(0) } },
  ];
  for (let i = 0; i < 50; i++) {
    for (const result of results) await breaker.execute(call(result));
  }
  assert.equal(breaker.state, "closed");
});

Deno.test("a cancelled call says nothing, but a probe has to show something", async () => {
  const clock = FakeTimers.install({ now: 1_000_000 });
  try {
    const gate = new Gate(8);
    using breaker = new Breaker(gate, { failures: 3, failureRate: 0.9, openMs: 10_000 });
    const cancelled: ForwardResult = { kind: "cancelled" };
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 5; j++) {
        assert.deepEqual(await breaker.execute(call(cancelled)), {
          result: cancelled,
          probe: false,
        });
      }
      assert.equal(breaker.state, "closed");
      await breaker.execute(call(bad));
    }
    assert.equal(breaker.state, "open");
    clock.tick(10_005);
    assert.deepEqual(await breaker.execute(call(cancelled)), { result: cancelled, probe: true });
    assert.equal(breaker.state, "open");
    clock.tick(10_005);
    await breaker.execute(call(good));
    assert.equal(breaker.state, "closed");
  } finally {
    clock.uninstall();
  }
});
