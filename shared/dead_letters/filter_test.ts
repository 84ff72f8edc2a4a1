import assert from "node:assert/strict";
import type { DeadLetter } from "./dead_letter.ts";
import { type Filter, isEmpty, matches } from "./filter.ts";

const now = 1_000_000;
const letter: DeadLetter = {
  id: "a",
  service: "orders",
  reason: "status-503",
  deadAt: now - 10_000,
  attempts: 1,
  history: [],
  lastStatus: 503,
  replays: 0,
  path: "/pay/1?x",
  message: { body: new Uint8Array(0), headers: {} },
};
const { deadAt: _, path: __, lastStatus: ___, ...bare } = letter;

const cases: [Filter, boolean, boolean][] = [
  [{}, true, true],
  [{ ids: ["b", "a"] }, true, true],
  [{ ids: ["b"] }, false, false],
  [{ reason: "status-503" }, true, true],
  [{ reason: "status-5*" }, true, true],
  [{ reason: "status-5" }, false, false],
  [{ reason: "*" }, true, true],
  [{ status: 503 }, true, false],
  [{ status: 500 }, false, false],
  [{ olderThanMs: 9_999 }, true, false],
  [{ olderThanMs: 10_000 }, false, false],
  [{ newerThanMs: 10_001 }, true, false],
  [{ newerThanMs: 10_000 }, false, false],
  [{ path: "/pay" }, true, false],
  [{ path: "/pay/2" }, false, false],
  [{ reason: "status-503", path: "/other" }, false, false],
];

for (const [filter, whole, withoutDetails] of cases) {
  Deno.test(`the filter ${JSON.stringify(filter)}`, () => {
    assert.equal(matches(filter, letter, now), whole);
    assert.equal(matches(filter, bare, now), withoutDetails);
  });
}

Deno.test("a filter that says nothing is empty", () => {
  assert.ok(isEmpty({}));
  assert.ok(!isEmpty({ ids: [] }));
  assert.ok(!isEmpty({ status: 500 }));
});
