import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { HangUps } from "./hang_ups.ts";

function watched(hangUps: HangUps) {
  const caller = new AbortController();
  let asked = 0;
  const request = new Proxy(new Request("http://a/"), {
    get: (target, key) => key === "signal" ? (asked++, caller.signal) : Reflect.get(target, key),
  });
  const told = { count: 0 };
  const watch = hangUps.watch(request, () => told.count++);
  return { caller, watch, told, asked: () => asked };
}

Deno.test("who hangs up is noticed once, early or late, until the watch ends", async () => {
  const clock = FakeTimers.install();
  try {
    using hangUps = new HangUps();
    const [early, late, answered, quick] = [1, 2, 3, 4].map(() => watched(hangUps)) as [
      ReturnType<typeof watched>,
      ReturnType<typeof watched>,
      ReturnType<typeof watched>,
      ReturnType<typeof watched>,
    ];
    early.caller.abort();
    quick.watch.stop();
    await clock.tickAsync(60);
    assert.equal(early.told.count, 1);
    assert.equal(quick.asked(), 0, "the signal of a quick request was asked for");

    late.caller.abort();
    answered.watch.stop();
    answered.caller.abort();
    for (const { watch } of [early, late]) watch.stop();
    await clock.tickAsync(1_000);
    assert.deepEqual([early, late, answered, quick].map(({ told }) => told.count), [1, 1, 0, 0]);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});
