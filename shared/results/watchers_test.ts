import assert from "node:assert/strict";
import { WakeUp } from "../wake_up.ts";
import { Watchers } from "./watchers.ts";

const never = new AbortController().signal;

Deno.test("a change wakes those who watch the request, until they are removed", async () => {
  const watchers = new Watchers();
  const [one, two, other] = [new WakeUp(), new WakeUp(), new WakeUp()];
  watchers.add("a", one);
  watchers.add("a", two);
  watchers.add("b", other);
  watchers.wake("a");
  watchers.wake("unknown");
  await Promise.all([one.next([never]), two.next([never])]);
  assert.deepEqual(watchers.requests, ["a", "b"]);

  watchers.remove("a", one);
  assert.ok(watchers.has("a"));
  watchers.remove("a", two);
  watchers.remove("a", two);
  assert.ok(!watchers.has("a"));
  watchers.wakeAll();
  await other.next([never]);
  watchers.remove("b", other);
  assert.equal(watchers.any, false);
});
