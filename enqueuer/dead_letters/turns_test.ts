import assert from "node:assert/strict";
import { Turns } from "./turns.ts";

Deno.test("turns of one name come one after the other, whatever becomes of them", async () => {
  const turns = new Turns();
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take("a", async () => {
    events.push("first");
    await gate.promise;
    throw new Error("failed");
  });
  const second = turns.take("a", () => {
    events.push("second");
    return Promise.resolve(2);
  });
  assert.equal(await turns.take("b", () => Promise.resolve("other")), "other");
  assert.deepEqual(events, ["first"]);
  gate.resolve();
  await assert.rejects(first, /failed/);
  assert.equal(await second, 2);
  assert.deepEqual(events, ["first", "second"]);
  assert.equal(await turns.take("a", () => Promise.resolve(3)), 3);
});
