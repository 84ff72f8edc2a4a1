import assert from "node:assert/strict";
import { metric } from "../../support/metrics.ts";
import { answeredAt, eachOf, standTest, takeAt } from "./stand.ts";

/** Responses of 60 KB on average: together far more than an enqueuer keeps of them (16 MiB). */
const batch = 250;
const bodyBytes = 20_000;
const mostGrowth = 80 * 2 ** 20;

standTest(
  "an enqueuer's memory does not grow with the responses that it could tell",
  async (stand) => {
    const { a, b } = stand;
    const pass = async (from: number) => {
      const bodies = Array.from(
        { length: batch },
        (_, i) => `${from + i} `.padEnd(bodyBytes + i, "."),
      );
      await eachOf(bodies, async (body, i) => {
        await answeredAt(i % 2 ? b : a, await takeAt(i % 2 ? a : b, stand, body), body);
      });
      return await Promise.all(
        [a, b].map(({ url }) => metric(url, "process_resident_memory_bytes")),
      );
    };
    const before = await pass(0);
    await pass(batch);
    const after = await pass(2 * batch);
    for (const [i, bytes] of after.entries()) {
      const growth = bytes - (before[i] ?? 0);
      console.log(`${(bytes / 2 ** 20).toFixed(0)} MiB, ${(growth / 2 ** 20).toFixed(0)} more`);
      assert.ok(growth < mostGrowth, `${growth} bytes more`);
    }
  },
);
