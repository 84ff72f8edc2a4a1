import assert from "node:assert/strict";
import { isTopic, parseBinding } from "./topic.ts";

Deno.test("a topic is words with dots between them", () => {
  for (const topic of ["order", "order.paid", "com.example.Order_Paid-v2", "a".repeat(128)]) {
    assert.equal(isTopic(topic), true, topic);
  }
  const none = ["", ".", "order.", ".paid", "a..b", "order.*", "#", "a b", "a/b", "ä", "a\n"];
  for (const topic of [...none, "a".repeat(129)]) assert.equal(isTopic(topic), false, topic);
});

Deno.test("a binding is a pattern that is wanted, or is not wanted any more", () => {
  assert.deepEqual(parseBinding("order.*"), { pattern: "order.*", bound: true });
  assert.deepEqual(parseBinding("!#.paid.*"), { pattern: "#.paid.*", bound: false });
  for (const text of ["", "!", "order*", "a..b", "!!a", "or#er", "a b", "*."]) {
    assert.equal(parseBinding(text), undefined, text);
  }
});
