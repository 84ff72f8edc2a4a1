import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { backoffMs, pause, within, withTimeout } from "./waiting.ts";

Deno.test("the backoff grows from 100 ms to 5 s and keeps some chance in it", () => {
  for (
    const [failures, most] of [[0, 100], [1, 200], [5, 3200], [6, 5000], [1000, 5000]] as const
  ) {
    const ms = backoffMs(failures);
    assert.ok(ms >= most / 2 && ms <= most, `${failures}: ${ms}`);
  }
  assert.ok(backoffMs(6, 1_000) <= 1_000);
});

Deno.test("a pause ends after its time, or when its signal aborts", async () => {
  const clock = FakeTimers.install();
  try {
    const abort = new AbortController();
    let ended = 0;
    const first = pause(1000, abort.signal).then(() => ended++);
    const second = pause(5000, abort.signal).then(() => ended++);
    await clock.tickAsync(1000);
    assert.equal(ended, 1);
    abort.abort();
    await Promise.all([first, second]);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("within: the value, the deadline, the signal", async () => {
  const clock = FakeTimers.install();
  try {
    assert.equal(await within(Promise.resolve(1), { ms: 10 }), 1);
    const late = assert.rejects(
      within(new Promise(() => {}), { ms: 10, late: () => new RangeError("late") }),
      RangeError,
    );
    await clock.tickAsync(10);
    await late;
    const reason = new Error("enough");
    await assert.rejects(
      within(Promise.reject(new Error("unheard")), {
        ms: 10,
        signals: [undefined, AbortSignal.abort(reason)],
      }),
      reason,
    );
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("what runs with a timeout gets a signal for it, and leaves no timer", async () => {
  const clock = FakeTimers.install();
  try {
    const aborted = withTimeout(
      1_000,
      (signal) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(clock.now))),
    );
    clock.tick(1_000);
    assert.equal(await aborted, 1_000);
    assert.equal(await withTimeout(1_000, () => Promise.resolve("done")), "done");
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});
