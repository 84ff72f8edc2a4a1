import assert from "node:assert/strict";
import { dueAt, Pace, type Situation } from "./pace.ts";

Deno.test("when a batch is due", async (t) => {
  const cases: [string, Situation, number][] = [
    ["busy", { firstAt: 100, idleSince: undefined, expectedUntil: undefined }, 110],
    ["busy, others expected", { firstAt: 100, idleSince: undefined, expectedUntil: 500 }, 110],
    ["idle, nobody expected", { firstAt: 100, idleSince: 0, expectedUntil: undefined }, 100],
    ["idle, others expected", { firstAt: 100, idleSince: 98, expectedUntil: 138 }, 110],
    ["came while it was busy", { firstAt: 80, idleSince: 98, expectedUntil: 138 }, 108],
    ["expected no longer", { firstAt: 136, idleSince: 98, expectedUntil: 138 }, 138],
  ];
  for (const [name, situation, expected] of cases) {
    await t.step(name, () => assert.equal(dueAt(situation, 10), expected));
  }
});

Deno.test("who was answered is expected again, until as many have come or it takes too long", () => {
  const pace = new Pace(10);
  const due = (firstAt: number, now = firstAt) => pace.dueAt("k", firstAt, now);
  assert.equal(due(5), 5, "nobody was answered yet");
  for (let i = 0; i < 3; i++) pace.joined("k");
  pace.started();
  assert.equal(due(6), 16, "busy");
  pace.ended("k", 3, 30);
  assert.equal(due(6, 30), 40, "three may come again");
  assert.equal(pace.dueAt("other", 31, 31), 31, "but not with another key");
  pace.joined("k");
  pace.joined("k");
  assert.equal(due(32), 42);
  pace.joined("k");
  assert.equal(due(33), 33, "all have come");
  pace.started();
  pace.ended("k", 1, 50);
  assert.equal(due(89), 90, "too long ago by then");
  assert.equal(due(91), 91);
});

Deno.test("a lone caller never waits", () => {
  const pace = new Pace(10);
  for (let now = 0; now < 200; now += 25) {
    pace.joined("k");
    assert.equal(pace.dueAt("k", now, now), now);
    pace.started();
    pace.ended("k", 1, now + 20);
  }
});

Deno.test("it is busy until the last call has ended", () => {
  const pace = new Pace(10);
  pace.started();
  pace.started();
  pace.ended("k", 0, 5);
  assert.equal(pace.dueAt("k", 6, 6), 16);
  pace.ended("k", 0, 8);
  assert.equal(pace.dueAt("k", 6, 8), 6);
});
