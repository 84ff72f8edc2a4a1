import assert from "node:assert/strict";
import { StreamCredit } from "./stream_credit.ts";

Deno.test("credit is what was granted in all, less what was sent", () => {
  const credit = new StreamCredit(100, 0);
  assert.equal(credit.available, 100);
  credit.spend(100);
  assert.equal(credit.available, 0);
  credit.grant(150, 10);
  assert.equal(credit.available, 50);
  credit.grant(120, 20);
  assert.equal(credit.available, 50, "one that came late takes nothing back");
  assert.equal(credit.silence(25), 5, "but was heard");
});

Deno.test("a requester that never was heard of is silent since the beginning", () => {
  assert.equal(new StreamCredit(1, 1_000).silence(11_000), 10_000);
});
