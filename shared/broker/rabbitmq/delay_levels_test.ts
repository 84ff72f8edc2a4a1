import assert from "node:assert/strict";
import {
  delayRoute,
  delayUnitMs,
  deliverPattern,
  destinationWords,
  isDelayQueue,
  levelCount,
  levelName,
  levelPatterns,
  maxDelayMs,
} from "./delay_levels.ts";

function matches(pattern: string, key: string): boolean {
  const words = pattern.split(".").map((word) =>
    word === "*" ? "[^.]*" : word === "#" ? ".*" : word.replace(/[^\w@]/g, "\\$&")
  );
  return new RegExp(`^${words.join("\\.")}$`).test(key);
}

/** Follows the bindings, and sums what the queues on the way hold. */
function travel(delayMs: number, queue: string): number {
  const { level, key } = delayRoute(delayMs, queue);
  let held = 0;
  for (let at = level; at >= 0; at--) {
    const { hold, pass } = levelPatterns(at);
    assert.notEqual(matches(hold, key), matches(pass, key), `level ${at} of ${key}`);
    if (matches(hold, key)) held += 2 ** at * delayUnitMs;
  }
  assert.ok(matches(deliverPattern(queue), key));
  return held;
}

Deno.test("a delay is held for its time, rounded up to the unit", () => {
  for (
    const [delayMs, held] of [
      [1, 125],
      [125, 125],
      [126, 250],
      [250, 250],
      [1000, 1000],
      [60_000, 60_000],
      [86_400_000, 86_400_000],
      [maxDelayMs, maxDelayMs],
    ] as const
  ) assert.equal(travel(delayMs, "orders_requests"), held);
});

Deno.test("a delay starts at the highest level that holds it", () => {
  assert.equal(delayRoute(125, "q").level, 0);
  assert.equal(delayRoute(250, "q").level, 1);
  assert.equal(delayRoute(375, "q").level, 1);
  assert.equal(delayRoute(maxDelayMs, "q").level, levelCount - 1);
});

Deno.test("a queue whose name has dots is not confused with another", () => {
  const { key } = delayRoute(1000, "a.b");
  assert.ok(matches(deliverPattern("a.b"), key));
  assert.ok(!matches(deliverPattern("b"), key));
  assert.ok(!matches(deliverPattern("a"), key));
  assert.ok(!matches(deliverPattern(destinationWords({ topic: "a.b" })), key));
});

Deno.test("the longest delay is about 388 days", () => {
  assert.equal(Math.floor(maxDelayMs / 86_400_000), 388);
});

Deno.test("names of the levels", () => {
  assert.equal(levelName("quorum", 3), "proxymq_delay_quorum_03");
  assert.equal(levelName("quorum_urgent", 3), "proxymq_delay_quorum_urgent_03");
  assert.ok(isDelayQueue(levelName("classic", 27)));
  assert.ok(!isDelayQueue("orders_requests"));
});
