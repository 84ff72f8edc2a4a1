import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { Gate } from "./gate.ts";

Deno.test("the smallest limit counts, and lifting it opens again", async () => {
  const gate = new Gate(8);
  const stop = new AbortController();
  const full = await gate.opening(stop.signal);
  assert.equal(full.prefetch, 8);
  gate.limit("breaker", 1, "half open");
  assert.ok(full.signal.aborted, "who holds 8 is told");
  const probe = await gate.opening(stop.signal);
  assert.equal(probe.prefetch, 1);
  gate.limit("target", 0, "down");
  assert.ok(probe.signal.aborted);
  assert.deepEqual(gate.reasons, { breaker: "half open", target: "down" });

  let opened = 0;
  const waiting = gate.opening(stop.signal).then(({ prefetch }) => opened = prefetch);
  gate.lift("breaker");
  await Promise.resolve();
  assert.equal(opened, 0, "the other limit still holds");
  gate.lift("target");
  await waiting;
  assert.equal(opened, 8);
});

Deno.test("it can be resized, under the limits that are set", async () => {
  const gate = new Gate(4);
  const { signal } = await gate.opening(new AbortController().signal);
  gate.resize(4);
  assert.equal(signal.aborted, false);
  gate.resize(16);
  assert.ok(signal.aborted);
  gate.limit("breaker", 1, "half open");
  gate.resize(32);
  assert.equal(gate.prefetch, 1);
  gate.lift("breaker");
  assert.equal(gate.prefetch, 32);
});

Deno.test("a limit that changes nothing disturbs nobody", async () => {
  const gate = new Gate(4);
  const { signal } = await gate.opening(new AbortController().signal);
  gate.limit("a", 9, "roomy");
  gate.limit("b", 4, "just right");
  gate.lift("a");
  gate.lift("unknown");
  assert.equal(signal.aborted, false);
});

Deno.test("closing for a while ends by itself, and starts anew when it is said again", () => {
  const clock = FakeTimers.install();
  try {
    using gate = new Gate(4);
    gate.close("broker", 1_000, "does not take replies");
    clock.tick(900);
    gate.close("broker", 1_000, "does not take replies");
    clock.tick(900);
    assert.equal(gate.prefetch, 0);
    clock.tick(100);
    assert.equal(gate.prefetch, 4);
  } finally {
    clock.uninstall();
  }
});

Deno.test("waiting ends with the caller's signal", async () => {
  const gate = new Gate(4);
  gate.limit("target", 0, "down");
  const stop = new AbortController();
  const waiting = gate.opening(stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(gate.opening(stop.signal), /stopped/);
});
