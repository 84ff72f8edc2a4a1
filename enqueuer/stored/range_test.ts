import assert from "node:assert/strict";
import { rangeHolds, rangeOf } from "./range.ts";

Deno.test("the part that a Range header asks for", async (t) => {
  const cases: [string | null, number, [number, number] | "unsatisfiable" | undefined][] = [
    ["bytes=0-0", 10, [0, 1]],
    ["bytes=0-9", 10, [0, 10]],
    ["bytes=0-", 10, [0, 10]],
    ["bytes=9-", 10, [9, 10]],
    ["bytes=3-7", 10, [3, 8]],
    ["bytes=3-999999999999999", 10, [3, 10]],
    ["bytes=-1", 10, [9, 10]],
    ["bytes=-10", 10, [0, 10]],
    ["bytes=-11", 10, [0, 10]],
    ["Bytes= 3-7 ", 10, [3, 8]],
    ["bytes=5368709120-", 2 ** 33, [5 * 2 ** 30, 2 ** 33]],
    ["bytes=10-", 10, "unsatisfiable"],
    ["bytes=10-12", 10, "unsatisfiable"],
    ["bytes=-0", 10, "unsatisfiable"],
    [null, 10, undefined],
    ["", 10, undefined],
    ["bytes=-", 10, undefined],
    ["bytes=7-3", 10, undefined],
    ["bytes=a-b", 10, undefined],
    ["bytes=0-1,3-4", 10, undefined],
    ["lines=0-1", 10, undefined],
    ["bytes=0-0", 0, undefined],
    ["bytes=-5", 0, undefined],
  ];
  for (const [header, size, expected] of cases) {
    await t.step(`${header} of ${size}`, () => {
      const range = rangeOf(header, size);
      const actual = typeof range === "object" ? [range.from, range.to] : range;
      assert.deepEqual(actual, expected);
    });
  }
});

Deno.test("when an If-Range header lets it be served", () => {
  const date = "Sun, 22 Nov 2026 12:00:00 GMT";
  const headers = { etag: '"one"', "last-modified": date };
  const cases: [string | null, Record<string, string>, boolean][] = [
    [null, {}, true],
    ['"one"', headers, true],
    ['"two"', headers, false],
    ['W/"one"', { etag: 'W/"one"' }, false],
    ['"one"', { etag: 'W/"one"' }, false],
    [date, headers, true],
    ["Sun, 22 Nov 2026 12:00:01 GMT", headers, false],
    ['"one"', {}, false],
    [date, {}, false],
  ];
  for (const [ifRange, given, expected] of cases) {
    assert.equal(rangeHolds(ifRange, given), expected, `${ifRange} ${JSON.stringify(given)}`);
  }
});
