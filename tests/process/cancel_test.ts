import assert from "node:assert/strict";
import { eventually } from "../support/waiting.ts";
import { callers } from "../e2e/callers.ts";
import { slowService } from "../e2e/slow_service.ts";
import { metric } from "../support/metrics.ts";
import { startDequeuer, startEnqueuer } from "./service_process.ts";
import { temporaryBroker } from "./temporary_broker.ts";

Deno.test("a caller that hangs up on the task's enqueuer ends the call of the task's dequeuer", async () => {
  await using broker = await temporaryBroker();
  await using upstream = await slowService();
  const env = { BROKER_URL: broker.url };
  await using enqueuer = startEnqueuer(env, { by: "task" });
  await using dequeuer = startDequeuer({
    ...env,
    DEQUEUER_SERVICE: "slow",
    DEQUEUER_TARGET_URL: upstream.url,
  }, { by: "task" });
  const [front, back] = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
  for (const [how, call] of Object.entries(callers)) {
    const before = upstream.calls.length;
    const caller = call(`${front}/proxy/slow/${before}`);
    await eventually(() => upstream.calls.length === before + 1);
    const hungUpAt = performance.now();
    caller.hangUp();
    await eventually(() => upstream.calls[before]?.abortedAt !== undefined);
    const ms = (upstream.calls[before]?.abortedAt ?? Infinity) - hungUpAt;
    assert.ok(ms < 1_000, `${how}: cut after ${ms} ms`);
  }
  const quick = await fetch(`${front}/proxy/slow/quick`);
  assert.equal(await quick.text(), "answer to /quick");
  assert.equal(await metric(front, "enqueuer_disconnects_total", { service: "slow" }), 2);
  assert.equal(await metric(front, "enqueuer_waiting_callers"), 0);
  await eventually(async () =>
    await metric(back, "dequeuer_processed_total", { outcome: "cancelled" }) === 2
  );
  assert.deepEqual([...enqueuer.troubles, ...dequeuer.troubles], []);
});
