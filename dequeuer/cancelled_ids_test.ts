import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { CancelledIds } from "./cancelled_ids.ts";

Deno.test("an id is kept until its time, the later one if it comes twice", async () => {
  const clock = FakeTimers.install({ now: 1_763_800_000_000 });
  try {
    using ids = new CancelledIds(10);
    const start = Date.now();
    ids.add("past", start - 1);
    ids.add("short", start + 5_000);
    ids.add("twice", start + 5_000);
    ids.add("twice", start + 60_000);
    await clock.tickAsync(2_000);
    assert.deepEqual(["past", "short", "twice"].map((id) => ids.has(id)), [false, true, true]);
    await clock.tickAsync(5_000);
    assert.deepEqual([ids.has("short"), ids.has("twice")], [false, true]);
    await clock.tickAsync(60_000);
    assert.equal(ids.size, 0);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("over the limit the oldest go first", async () => {
  const clock = FakeTimers.install();
  try {
    using ids = new CancelledIds(3);
    for (const id of ["a", "b", "c", "a", "d"]) ids.add(id, Date.now() + 10_000);
    assert.equal(ids.size, 3);
    assert.deepEqual(["a", "b", "c", "d"].map((id) => ids.has(id)), [true, false, true, true]);
    for (let i = 0; i < 1_000; i++) ids.add(`${i}`, Date.now() + 1_000);
    assert.equal(ids.size, 3);
    assert.ok(ids.has("999"));
    await clock.tickAsync(20_000);
    assert.equal(ids.size, 0);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});
