import assert from "node:assert/strict";
import type { Call, Outcome } from "../soak/load.ts";
import { takeAccount } from "./account.ts";

function call(path: string, outcome: Outcome, retries = 0): Call {
  return { path, outcome, retries, start: 0, end: 10 * (retries + 1) };
}

const nothing = {
  runs: new Map(),
  deadLetters: [],
  cutsCallers: false,
};

Deno.test("account: what callers were told is counted", () => {
  const account = takeAccount({
    ...nothing,
    calls: [call("/1", "right", 2), call("/2", "wrong"), call("/3", "another status")],
    runs: new Map([["/1", new Map([["a", 1], ["b", 3]])], ["/2", new Map([["c", 1]])]]),
  });
  assert.deepEqual(account, {
    requests: 3,
    right: 1,
    wrong: 2,
    lost: 0,
    told502: 0,
    told503: 0,
    told504: 0,
    cutOff: 0,
    triedAgain: 2,
    duplicates: 2,
    deadLetters: 0,
    longestMs: 30,
  });
});

Deno.test("account: who was told a failure has lost nothing if the request was run or is dead", () => {
  const calls = [call("/1", "504"), call("/2", "504"), call("/3", "504"), call("/4", "502")];
  const lost = (paths: readonly string[]) =>
    takeAccount({
      ...nothing,
      calls,
      runs: new Map([["/1", new Map([["a", 1]])]]),
      deadLetters: paths.map((path) => ({ path, reason: "expired" })),
    }).lost;
  assert.equal(lost(["/2", "/3", "/4"]), 0);
  assert.equal(lost(["/2"]), 2);
});

Deno.test("account: no answer is a loss, unless the enqueuer was killed", () => {
  const calls = [call("/1", "connection error")];
  assert.equal(takeAccount({ ...nothing, calls }).lost, 1);
  const { lost, cutOff } = takeAccount({ ...nothing, calls, cutsCallers: true });
  assert.deepEqual([lost, cutOff], [0, 1]);
});
