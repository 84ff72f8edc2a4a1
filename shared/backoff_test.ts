import assert from "node:assert/strict";
import { backoffMs } from "./backoff.ts";

Deno.test("the wait before a retry", () => {
  const policy = { baseMs: 500, maxMs: 30_000 };
  const cases: [number, number | undefined, number, number][] = [
    [1, undefined, 0, 0],
    [1, undefined, 0.5, 250],
    [2, undefined, 0.5, 500],
    [3, undefined, 0.999, 1998],
    [20, undefined, 0.5, 15_000],
    [5_000, undefined, 0.5, 15_000],
    [1, 7_000, 0.5, 7_000],
    [1, 100, 0.5, 250],
    [1, 999_000, 0.5, 30_000],
    [1, Infinity, 0, 30_000],
  ];
  for (const [attempt, retryAfterMs, random, expected] of cases) {
    assert.equal(
      backoffMs(policy, attempt, retryAfterMs, random),
      expected,
      `attempt ${attempt}, Retry-After ${retryAfterMs}, random ${random}`,
    );
  }
});
