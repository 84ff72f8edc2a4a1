import assert from "node:assert/strict";
import { quantile, tables } from "./table.ts";

Deno.test("what is measured stands in the tables", () => {
  const text = tables([{
    way: "sqlite",
    firstMs: [3, 1, 2],
    lagsMs: [0.5],
    rates: [200 * 2 ** 20],
    large: [{
      what: "request",
      bytes: 2 ** 30,
      rate: 100 * 2 ** 20,
      right: true,
      before: [90 * 2 ** 20, 80 * 2 ** 20],
      most: [110 * 2 ** 20, 100 * 2 ** 20],
    }],
  }]);
  assert.match(text, /\| sqlite \| 2\.00 ms +\| 3\.00 ms \| 0\.50 ms +\| 0\.50 ms \| 200 +\|/);
  assert.match(text, /\| sqlite \| request \| 1024 +\| 100 +\| right \| 90, 110 +\| 80, 100 +\|/);
});

Deno.test("a quantile is a value that was there", () => {
  assert.equal(quantile([5, 1, 3], 0.5), 3);
  assert.equal(quantile([5, 1, 3], 0.99), 5);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
