import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import { Laggards } from "./laggards.ts";

Deno.test("who is watched is told of once, after one to two moments, by one timer", () => {
  const clock = FakeTimers.install();
  try {
    const late: string[] = [];
    using laggards = new Laggards<string>(20, (one) => late.push(one));
    laggards.watch("a");
    clock.tick(19);
    laggards.watch("b");
    assert.equal(clock.countTimers(), 1);
    clock.tick(1);
    laggards.watch("c");
    assert.deepEqual(late, []);
    clock.tick(20);
    assert.deepEqual(late, ["a", "b"]);
    clock.tick(20);
    assert.deepEqual(late, ["a", "b", "c"]);
    clock.tick(100);
    assert.equal(late.length, 3);
    assert.equal(clock.countTimers(), 0, "nobody is left");
  } finally {
    clock.uninstall();
  }
});

Deno.test("disposed of, it forgets them", () => {
  const clock = FakeTimers.install();
  try {
    const laggards = new Laggards<string>(20, () => assert.fail("told"));
    laggards.watch("a");
    laggards[Symbol.dispose]();
    clock.tick(1_000);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});
