import assert from "node:assert/strict";
import { eventually } from "../../brokers.ts";
import { metric } from "../../support/metrics.ts";
import { answeredAt, becomesAt, standTest, stateAt, takeAt } from "./stand.ts";

standTest("what is cancelled while no dequeuer runs is never forwarded", async (stand) => {
  const { a, b, upstream, dequeuers, service } = stand;
  upstream.hold();
  const held = await takeAt(a, stand, "held");
  await becomesAt(b, held, "processing");
  await eventually(() => upstream.runs.has("held"));
  await Promise.all(dequeuers.map((dequeuer) => dequeuer.kill()));
  upstream.release();
  const bodies = Array.from({ length: 20 }, (_, i) => `waiting ${i}`);
  const waiting = await Promise.all(bodies.map((body) => takeAt(a, stand, body)));
  const cancelled = [held, ...waiting.filter((_, i) => i % 2 === 0)];
  for (const id of cancelled) {
    const response = await fetch(`${b.url}/requests/${id}`, { method: "DELETE" });
    const document = await response.json();
    assert.equal(response.status, 200, JSON.stringify(document));
    assert.equal(document.status, "cancelled");
  }
  await Promise.all(dequeuers.map((dequeuer) => dequeuer.restart()));
  for (const [i, body] of bodies.entries()) {
    if (i % 2 === 1) await answeredAt(b, waiting[i] ?? "", body);
  }
  const labels = { service, outcome: "cancelled" };
  await eventually(async () => {
    const counts = dequeuers.map(({ url }) => metric(url, "dequeuer_processed_total", labels));
    const [one = 0, two = 0] = await Promise.all(counts);
    return one + two >= cancelled.length;
  }, { timeoutMs: 20_000 });
  for (const id of cancelled) {
    for (const at of [a, b]) assert.equal((await stateAt(at, id)).status, "cancelled");
  }
  const forwarded = ["held", ...bodies.filter((_, i) => i % 2 === 1)];
  assert.deepEqual([...upstream.runs.keys()].sort(), forwarded.sort());
  assert.equal(upstream.runs.get("held"), 1);
});
