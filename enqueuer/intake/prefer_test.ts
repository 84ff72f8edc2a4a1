import assert from "node:assert/strict";
import { passedOn } from "./prefer.ts";

Deno.test("what of a Prefer header is left for the microservice", () => {
  const cases: [string, string | undefined][] = [
    ["respond-async", undefined],
    ["respond-async, wait=10", undefined],
    ["wait=10, return=minimal", "return=minimal"],
    ['a="b, wait=3", Respond-Async', 'a="b, wait=3"'],
    ["wait-long=1, return=minimal; foo", "wait-long=1, return=minimal; foo"],
    ["", undefined],
  ];
  for (const [value, expected] of cases) assert.equal(passedOn(value), expected, value);
});
