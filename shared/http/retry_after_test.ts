import assert from "node:assert/strict";
import { parseRetryAfter } from "./retry_after.ts";

Deno.test("seconds and HTTP dates", () => {
  const now = Date.UTC(2026, 10, 22, 12, 0, 0);
  assert.equal(parseRetryAfter("120", now), 120_000);
  assert.equal(parseRetryAfter("0", now), 0);
  assert.equal(parseRetryAfter("Sun, 22 Nov 2026 12:00:30 GMT", now), 30_000);
  assert.equal(parseRetryAfter("Sun, 22 Nov 2026 11:00:00 GMT", now), 0);
  for (const value of ["", "soon", "-1", "1.5", "2026-11-22", "Sun, 99 Nov 2026 12:00:30 GMT"]) {
    assert.equal(parseRetryAfter(value, now), undefined, value);
  }
});
