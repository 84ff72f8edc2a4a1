import { deepEqual, equal, notDeepEqual } from "node:assert/strict";
import { generate } from "./generate.ts";

Deno.test("the same tokens for the same prompt, as many as are asked for", () => {
  const tokens = [...generate("Tell me", 20)];
  equal(tokens.length, 20);
  deepEqual([...generate("Tell me", 20)], tokens);
  deepEqual([...generate("Tell me", 5)], tokens.slice(0, 5));
  notDeepEqual([...generate("Tell us", 20)], tokens);
});

Deno.test("tokens make a text", () => {
  equal(/^\w+( \w+){9}$/.test([...generate("x", 10)].join("")), true);
});
