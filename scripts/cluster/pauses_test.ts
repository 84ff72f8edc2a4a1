import assert from "node:assert/strict";
import type { Call, Outcome } from "../soak/load.ts";
import { pauseBetween } from "./pauses.ts";

const call = (start: number, end: number, outcome: Outcome = "right"): Call => ({
  path: `/${start}`,
  start,
  end,
  outcome,
  retries: 0,
});

const spans: [string, Call[], { silenceMs: number; longestMs: number }][] = [
  ["no answer at all", [], { silenceMs: 100, longestMs: 0 }],
  ["before, between and after answers", [call(90, 130), call(130, 180)], {
    silenceMs: 50,
    longestMs: 50,
  }],
  ["who waits over both ends counts", [call(0, 900)], { silenceMs: 100, longestMs: 900 }],
  ["a wrong answer ends no silence", [call(90, 150, "504")], { silenceMs: 100, longestMs: 60 }],
  ["others do not count", [call(0, 99), call(201, 900)], { silenceMs: 100, longestMs: 0 }],
];

for (const [name, calls, expected] of spans) {
  Deno.test(`a pause from 100 to 200: ${name}`, () => {
    assert.deepEqual(pauseBetween(calls, 100, 200), expected);
  });
}
