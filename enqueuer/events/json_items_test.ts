import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonItems } from "./json_items.ts";

Deno.test("the items of an array come out as they stand in it", () => {
  const text = '[ {"n":1.0, "m":12345678901234567890} ,"a,]\\"\\\\", [1,[2]],\n null ]';
  assert.deepEqual(jsonItems(text), [
    '{"n":1.0, "m":12345678901234567890}',
    '"a,]\\"\\\\"',
    "[1,[2]]",
    "null",
  ]);
  assert.deepEqual(jsonItems(" [ ] "), []);
});

Deno.test("whatever the array is, its items are the parsed ones", () => {
  fc.assert(fc.property(fc.array(fc.jsonValue()), fc.nat(2), (array, indent) => {
    const items = jsonItems(JSON.stringify(array, null, indent));
    assert.deepEqual(items.map((item) => JSON.parse(item)), JSON.parse(JSON.stringify(array)));
  }));
});
