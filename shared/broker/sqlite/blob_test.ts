import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { collectable } from "./blob.ts";

const size = 131_072;
const count = 8_000;
const mostExternal = 160_000_000;

Deno.test("large blobs that are done with are collected while others are read", async () => {
  using database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE blobs (body BLOB)");
  database.prepare("INSERT INTO blobs VALUES (?)").run(new Uint8Array(size).fill(7));
  const select = database.prepare("SELECT body FROM blobs");
  const before = Deno.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < count; i++) {
    const body = collectable(select.get()?.["body"] as Uint8Array);
    assert.equal(body.byteLength, size);
    assert.equal(body[i % size], 7);
    if (i % 50 > 0) continue;
    await nextTurn();
    most = Math.max(most, Deno.memoryUsage().external - before);
  }
  assert.ok(most < mostExternal, `${most} bytes at once of ${size * count}`);
});

Deno.test("small blobs stay as they are", () => {
  const blob = new Uint8Array(100);
  assert.equal(collectable(blob), blob);
});
