import assert from "node:assert/strict";
import { Pace, parseRate } from "./rate.ts";

Deno.test("rates", () => {
  const rates: [string, number | undefined][] = [
    ["50/s", 50],
    ["90/m", 1.5],
    ["3600/h", 1],
    ["0/s", undefined],
    ["50", undefined],
    ["-1/s", undefined],
    ["1.5/s", undefined],
    ["5/d", undefined],
    ["", undefined],
  ];
  for (const [text, rate] of rates) assert.equal(parseRate(text), rate, text);
});

Deno.test("a pace lets the first go at once, and the others at its rate", () => {
  const pace = new Pace(100);
  assert.equal(pace.turn, 10);
  assert.equal(pace.plan(10, 5_000), 0);
  assert.equal(pace.plan(10, 5_000), 100);
  assert.equal(pace.plan(10, 5_150), 50);
});

Deno.test("a pace does not make up for time in which nothing was there", () => {
  const pace = new Pace(1);
  assert.equal(pace.plan(1, 0), 0);
  assert.equal(pace.plan(1, 60_000), 0);
  assert.equal(pace.plan(1, 60_000), 1_000);
});

Deno.test("no pace", () => {
  const pace = new Pace(Infinity);
  assert.equal(pace.turn, Infinity);
  for (let i = 0; i < 3; i++) assert.equal(pace.plan(1_000, 7), 0);
});
