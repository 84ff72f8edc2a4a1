import assert from "node:assert/strict";
import { Suspects } from "./suspects.ts";

Deno.test("who was in a batch that failed comes again in one half as large, until alone", () => {
  const suspects = new Suspects();
  assert.equal(suspects.limit("a"), Infinity);
  suspects.suspect(["a", "b"], 7);
  assert.equal(suspects.limit("a"), 3);
  suspects.suspect(["a"], 3);
  assert.deepEqual(["a", "b", "c"].map((id) => suspects.limit(id)), [1, 3, Infinity]);
  suspects.suspect(["a"], 1);
  assert.equal(suspects.limit("a"), 1);
  suspects.clear("a");
  assert.equal(suspects.limit("a"), Infinity);
});

Deno.test("what has no id cannot be remembered", () => {
  const suspects = new Suspects();
  assert.equal(suspects.limit(undefined), Infinity);
  suspects.clear(undefined);
});

Deno.test("the oldest are forgotten when there are too many", () => {
  const suspects = new Suspects();
  for (let i = 0; i < 10_001; i++) suspects.suspect([`${i}`], 2);
  assert.equal(suspects.limit("0"), Infinity);
  assert.equal(suspects.limit("1"), 1);
});
