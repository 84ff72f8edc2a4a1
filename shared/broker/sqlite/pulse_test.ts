import assert from "node:assert/strict";
import { hasStopped, Pulse } from "./pulse.ts";
import { TestFolder } from "../../../tests/sqlite/test_folder.ts";

Deno.test("a pulse is felt until it stops, and leaves nothing behind", () => {
  using folder = new TestFolder();
  const path = folder.file("1.lock");
  const pulse = new Pulse(path);
  assert.equal(hasStopped(path), false);
  assert.equal(hasStopped(path), false);
  assert.deepEqual(folder.names(), ["1.lock"]);
  pulse.stop();
  assert.deepEqual(folder.names(), []);
});

Deno.test("a lock file without its lock means that its process is gone", () => {
  using folder = new TestFolder();
  const path = folder.file("1.lock");
  Deno.writeTextFileSync(path, "");
  assert.equal(hasStopped(path), true);
});

Deno.test("of one that never had a pulse nothing can be said", () => {
  using folder = new TestFolder();
  assert.equal(hasStopped(folder.file("1.lock")), false);
});
