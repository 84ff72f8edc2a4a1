import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { abandonedAfterMs } from "../../results/result_store.ts";
import { Results } from "./results.ts";

const service = "work";
const ttlMs = 60_000;
const claim = { key: "key", fingerprint: "print" };

Deno.test("when its time is over nothing is left of a request, and no timer", async () => {
  const clock = FakeTimers.install({ now: 1_000_000 });
  try {
    const results = new Results();
    results.enter({ id: "a", service, claim }, ttlMs);
    results.enter({ id: "b", service }, ttlMs);
    await clock.tickAsync(10 * ttlMs);
    assert.ok(results.find("a"), "a request that is not final has expired");
    results.cancel("b", Date.now() + ttlMs / 2);
    results.record({ id: "a", service, state: "failed" }, 1);
    await clock.tickAsync(ttlMs - 1);
    assert.ok(results.find("a") && results.find("b"));
    await clock.tickAsync(1);
    assert.equal(results.find("a") ?? results.find("b"), undefined);
    await clock.tickAsync(2_000);
    assert.equal(results.size, 0);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("what was entered again after its time does not end with the first one's", async () => {
  const clock = FakeTimers.install({ now: 1_000_000 });
  try {
    const results = new Results();
    results.record({ id: "a", service, state: "dead" }, ttlMs);
    await clock.tickAsync(ttlMs - 1);
    results.record({ id: "a", service, state: "processing", run: 1 }, ttlMs);
    await clock.tickAsync(10 * ttlMs);
    assert.equal(results.find("a")?.record.state, "processing");
    results.close();
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("who lost an abandoned key stays known, and does not free it by withdrawing", () => {
  const clock = FakeTimers.install({ now: 1_000_000 });
  try {
    const results = new Results();
    results.enter({ id: "a", service, claim }, ttlMs);
    clock.tick(abandonedAfterMs);
    assert.equal(results.enter({ id: "b", service, claim }, ttlMs).kind, "new");
    assert.equal(results.find("a")?.record.claim, undefined);
    results.remove("a");
    assert.equal(results.enter({ id: "c", service, claim }, ttlMs).kind, "taken");
  } finally {
    clock.uninstall();
  }
});
