import assert from "node:assert/strict";
import { mostBytes, mostMessages, RecentMessages } from "./recent_messages.ts";

function written(name: string, bytes = 1) {
  const route = { exchange: "", key: name, mandatory: true };
  const message = { correlationId: name, headers: {}, body: new Uint8Array(bytes) };
  return { route, message, onUnroutable: () => {}, times: 1 };
}

Deno.test("recent messages are kept for one turn, and forgotten at the next", () => {
  const recent = new RecentMessages();
  recent.add("a", written("a"));
  recent.turn();
  recent.add("b", written("b"));
  assert.equal(recent.take("a")?.route.key, "a");
  assert.equal(recent.take("a"), undefined);
  recent.add("c", written("c"));
  recent.turn();
  recent.turn();
  assert.equal(recent.size, 0);
});

Deno.test("recent messages are taken out in the order in which they were written", () => {
  const recent = new RecentMessages();
  recent.add("a", written("a"));
  recent.turn();
  recent.add("b", written("b"));
  assert.deepEqual(recent.takeAll().map(({ route }) => route.key), ["a", "b"]);
  assert.equal(recent.size, 0);
});

Deno.test("recent messages never are more than two generations of them", () => {
  const recent = new RecentMessages();
  for (let i = 0; i < 3 * mostMessages; i++) recent.add(`${i}`, written(`${i}`));
  assert.ok(recent.size <= 2 * mostMessages);
  assert.ok(recent.take(`${3 * mostMessages - 1}`));
  recent.clear();
  for (let i = 0; i < 6; i++) recent.add(`${i}`, written(`${i}`, mostBytes / 2));
  assert.ok(recent.size <= 4);
});
