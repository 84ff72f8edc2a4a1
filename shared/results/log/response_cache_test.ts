import assert from "node:assert/strict";
import { ResponseCache } from "./response_cache.ts";

const response = (bytes: number) => ({
  status: 200,
  headers: {},
  body: new Uint8Array(bytes),
});

Deno.test("the oldest responses go when they take too much together", () => {
  const cache = new ResponseCache(32 * 1_024);
  for (let offset = 0; offset < 20; offset++) cache.add(offset, response(1_024));
  assert.equal(cache.get(3), undefined);
  assert.equal(cache.get(4)?.status, 200);
  assert.equal(cache.get(19)?.status, 200);
});

Deno.test("a large response does not push out the others", () => {
  const cache = new ResponseCache(32 * 1_024);
  cache.add(0, response(1));
  cache.add(1, response(31 * 1_024));
  assert.equal(cache.get(0)?.status, 200);
  assert.equal(cache.get(1), undefined);
});

Deno.test("the same offset again takes no more", () => {
  const cache = new ResponseCache(20 * 1_024);
  cache.add(0, response(1_024));
  for (let time = 0; time < 50; time++) cache.add(1, response(1_024));
  assert.equal(cache.get(0)?.status, 200);
});
