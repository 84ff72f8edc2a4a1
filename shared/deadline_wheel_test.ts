import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { DeadlineWheel } from "./deadline_wheel.ts";

Deno.test("deadline wheel", async (t) => {
  await t.step(
    "calls after the deadline, at most a tick late, in the order of the deadlines",
    () => {
      const clock = FakeTimers.install({ now: 1_000_003 });
      try {
        using wheel = new DeadlineWheel(20);
        const calls: [string, number][] = [];
        const start = Date.now();
        for (const [name, ms] of [["b", 250], ["a", 7], ["c", 90_000]] as const) {
          wheel.add(start + ms, () => calls.push([name, Date.now() - start]));
        }
        clock.tick(100_000);
        assert.deepEqual(calls.map(([name]) => name), ["a", "b", "c"]);
        for (const [i, due] of [7, 250, 90_000].entries()) {
          const at = calls[i]?.[1] ?? NaN;
          assert.ok(at >= due && at <= due + 40, `due ${due}, called at ${at}`);
        }
      } finally {
        clock.uninstall();
      }
    },
  );

  await t.step("a cancelled deadline is not called, and no timer stays behind", () => {
    const clock = FakeTimers.install({ now: 5_000 });
    try {
      using wheel = new DeadlineWheel(20);
      let called = false;
      wheel.cancel(wheel.add(Date.now() + 50, () => called = true));
      clock.tick(1_000);
      assert.equal(called, false);
      assert.equal(clock.countTimers(), 0);
    } finally {
      clock.uninstall();
    }
  });

  await t.step("a deadline in the past is called at the next tick", () => {
    const clock = FakeTimers.install({ now: 5_000 });
    try {
      using wheel = new DeadlineWheel(20);
      let calls = 0;
      wheel.add(4_000, () => calls++);
      clock.tick(40);
      assert.equal(calls, 1);
    } finally {
      clock.uninstall();
    }
  });

  await t.step("deadlines that passed while the process stood still are all called", () => {
    const clock = FakeTimers.install({ now: 5_000 });
    try {
      using wheel = new DeadlineWheel(20);
      const calls: number[] = [];
      for (const ms of [30, 4_000, 100]) wheel.add(Date.now() + ms, () => calls.push(ms));
      clock.setSystemTime(60_000);
      clock.tick(20);
      assert.deepEqual(calls, [30, 100, 4_000]);
    } finally {
      clock.uninstall();
    }
  });
});
