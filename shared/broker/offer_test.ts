import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { BrokerUnavailableError, QueueNotFoundError } from "./errors.ts";
import { offer } from "./offer.ts";

Deno.test("what the broker does not take just now is offered again", async (t) => {
  const clock = FakeTimers.install({ now: 1_000_000 });
  try {
    const down = new BrokerUnavailableError("down");
    const cases: [string, Error, number, number, unknown][] = [
      ["until it takes it", down, 3, 60_000, undefined],
      ["until the time is over", down, Infinity, 900, down],
    ];
    for (const [name, error, failures, forMs, expected] of cases) {
      await t.step(name, async () => {
        let times = 0;
        const act = () => ++times > failures ? Promise.resolve() : Promise.reject(error);
        const until = Date.now() + forMs;
        const { signal } = new AbortController();
        const end = offer(act, { until, signal }).catch((error) => error);
        await clock.tickAsync(2_000);
        assert.equal(await end, expected);
        assert.equal(times, expected === undefined ? 4 : 5);
      });
    }
    await t.step("not after the signal", async () => {
      const stop = new AbortController();
      let times = 0;
      const act = () => {
        times++;
        return Promise.reject(down);
      };
      const end = offer(act, { until: Infinity, signal: stop.signal }).catch((error) => error);
      await clock.tickAsync(300);
      stop.abort();
      assert.equal(await end, down);
      assert.equal(times, 2);
    });
    await t.step("not what it will never take", async () => {
      const missing = new QueueNotFoundError("q");
      const { signal } = new AbortController();
      const end = offer(() => Promise.reject(missing), { until: Infinity, signal });
      await assert.rejects(end, missing);
    });
  } finally {
    clock.uninstall();
  }
});
