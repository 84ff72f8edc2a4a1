import assert from "node:assert/strict";
import type { Verdict } from "./stand.ts";
import { table } from "./table.ts";

const verdict: Verdict = {
  name: "half-open",
  title: "connections half-open",
  broker: "rabbitmq",
  account: {
    ...{ requests: 10, right: 8, wrong: 0, lost: 0, told502: 1, told503: 0, told504: 1 },
    ...{ cutOff: 0, triedAgain: 3, duplicates: 2, deadLetters: 1, longestMs: 12_345 },
  },
  faultMs: 3_000,
  recoveredMs: 120,
  failures: [],
};

Deno.test("table: a row for each fault, and what went wrong below", () => {
  const lines = table([verdict, { ...verdict, failures: ["1 requests were lost"] }]).split("\n");
  assert.match(lines[0] ?? "", /^\| fault +\| broker +\| lasted \| requests \| right \| wrong /);
  assert.match(lines[1] ?? "", /^\| -+ \| -+ \|/);
  assert.match(lines[2] ?? "", /\| 3\.00 s \| 10 .*\| 1\/0\/1 .*\| 12\.3 s .*\| 0\.12 s .*\| fine/);
  assert.match(lines[3] ?? "", /\| failed +\|$/);
  assert.equal(lines.at(-1), "half-open on rabbitmq: 1 requests were lost");
});
