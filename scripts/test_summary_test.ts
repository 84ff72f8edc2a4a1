import assert from "node:assert/strict";
import { parseSummary } from "./test_summary.ts";

const cases: readonly (readonly [string, ReturnType<typeof parseSummary>])[] = [
  ["ok | 12 passed | 0 failed (3s)\n", { passed: 12, failed: 0, skipped: 0 }],
  [
    "FAILED | 3 passed (2 steps) | 1 failed (1 step) | 4 ignored | 5 filtered out (9ms)\n\n",
    { passed: 3, failed: 1, skipped: 4 },
  ],
  ["\x1b[32mok\x1b[0m | 1 passed | 0 failed \x1b[90m(1ms)\x1b[0m", {
    passed: 1,
    failed: 0,
    skipped: 0,
  }],
  ["ok | 9 passed | 0 failed (1s)\nok | 1 passed | 0 failed (1s)", {
    passed: 1,
    failed: 0,
    skipped: 0,
  }],
  ["error: Type checking failed.", undefined],
  ["", undefined],
];

for (const [output, expected] of cases) {
  Deno.test(`parseSummary ${JSON.stringify(output)}`, () => {
    assert.deepEqual(parseSummary(output), expected);
  });
}
