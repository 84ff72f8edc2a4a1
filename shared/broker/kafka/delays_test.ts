import assert from "node:assert/strict";
import fc from "fast-check";
import {
  delayUnitMs,
  firstHop,
  type Hop,
  leavesAt,
  levelCount,
  maxDelayMs,
  nextHop,
} from "./delays.ts";

const delays = fc.integer({ min: 1, max: maxDelayMs });

/** All hops of a delay. */
function hopsOf(delayMs: number): Hop[] {
  const hops: Hop[] = [];
  for (let hop: Hop | undefined = firstHop(delayMs); hop; hop = nextHop(hop)) hops.push(hop);
  return hops;
}

Deno.test("delays: the levels that a delay passes go down, and hold it for its time together", () => {
  fc.assert(fc.property(delays, (delayMs) => {
    const hops = hopsOf(delayMs);
    const levels = hops.map(({ level }) => level);
    assert.deepEqual(levels, levels.toSorted((a, b) => b - a));
    assert.equal(new Set(levels).size, levels.length);
    assert.ok(levels.every((level) => level >= 0 && level < levelCount));
    const heldMs = levels.reduce((sum, level) => sum + 2 ** level * delayUnitMs, 0);
    assert.ok(heldMs >= delayMs && heldMs < delayMs + delayUnitMs);
  }));
});

Deno.test("delays: a level keeps whatever comes to it for the same time, but for a unit", () => {
  fc.assert(fc.property(delays, (delayMs) => {
    const dueAt = 1e12 + delayMs;
    let at = 1e12;
    for (const hop of hopsOf(delayMs)) {
      const leaves = leavesAt(dueAt, hop);
      const short = 2 ** hop.level * delayUnitMs - (leaves - at);
      assert.ok(short >= 0 && short < delayUnitMs, `${short}`);
      at = leaves;
    }
    assert.equal(at, dueAt);
  }));
});

Deno.test("delays: the shortest and the longest", () => {
  assert.deepEqual(hopsOf(1), [{ level: 0, left: 0 }]);
  assert.deepEqual(hopsOf(delayUnitMs + 1), [{ level: 1, left: 0 }]);
  assert.deepEqual(hopsOf(600), [{ level: 2, left: 1 }, { level: 0, left: 0 }]);
  assert.equal(hopsOf(maxDelayMs).length, levelCount);
});
