import assert from "node:assert/strict";
import { eventually } from "../../brokers.ts";
import { answeredAt, concurrency, eachOf, standTest, stateAt, takeAt } from "./stand.ts";

const count = 5_000;

standTest(
  "5,000 requests in flight at once reach their ends, though a dequeuer is killed amid them",
  async (stand) => {
    const { a, b, upstream, dequeuers } = stand;
    const bodies = Array.from({ length: count }, (_, i) => `request ${i}`);
    const ids: string[] = [];
    upstream.hold();
    await eachOf(bodies, async (body, i) => {
      ids[i] = await takeAt(i % 2 ? a : b, stand, body);
    });
    assert.equal(upstream.calls, 2 * concurrency);
    upstream.release();
    await eventually(() => upstream.runs.size > count / 3, { timeoutMs: 60_000 });
    const [killed] = dequeuers;
    await killed.kill();
    assert.ok(upstream.runs.size < count, "all had run before the kill");
    await eventually(() => upstream.runs.size === count, { timeoutMs: 60_000 });
    await eachOf(bodies, async (body, i) => {
      const id = ids[i] ?? "";
      await answeredAt(a, id, body);
      await answeredAt(b, id, body);
      const { status, attempt = 0 } = await stateAt(i % 2 ? b : a, id);
      assert.equal(status, "succeeded");
      assert.ok(attempt <= 2, `attempt ${attempt}`);
    });
    const again = upstream.calls - count;
    console.log(`${again} of ${count} run again`);
    // What the killed one held may have been run already; nothing else is run twice, or more often.
    assert.ok(again <= concurrency, `${again} run again, of ${concurrency} that were held`);
    assert.ok(Math.max(...upstream.runs.values()) <= 2);
  },
);
