import assert from "node:assert/strict";
import { answeredAt, becomesAt, standTest, takeAt } from "./stand.ts";

standTest(
  "what a killed enqueuer took, another tells, and it does itself once it is back",
  async (stand) => {
    const { a, b, upstream } = stand;
    const done = await takeAt(a, stand, "done before");
    await answeredAt(b, done, "done before");
    upstream.hold();
    const open = await takeAt(a, stand, "open meanwhile");
    await becomesAt(b, open, "processing");
    await a.kill();
    await answeredAt(b, done, "done before");
    await becomesAt(b, open, "processing");
    upstream.release();
    await answeredAt(b, open, "open meanwhile");
    const later = await takeAt(b, stand, "taken meanwhile");
    await a.restart();
    for (
      const [id, body] of [
        [done, "done before"],
        [open, "open meanwhile"],
        [later, "taken meanwhile"],
      ] as const
    ) {
      await becomesAt(a, id, "succeeded");
      await answeredAt(a, id, body);
    }
    assert.deepEqual([...upstream.runs.values()], [1, 1, 1]);
  },
);
