import assert from "node:assert/strict";
import { WakeUp } from "../wake_up.ts";
import { changed, entered } from "./changed.ts";
import { follow, followCancelled } from "./follow.ts";
import type { CancelledRequest, Change } from "./result_store.ts";

const id = { id: "a", service: "work" };
const never = new AbortController().signal;

/** A request that is changed, and wakes who follows it. */
function followed(signal = never) {
  let record = entered(id, 1);
  const wakeUp = new WakeUp();
  const change = (change: Omit<Change, "id" | "service">) => {
    record = changed(record, { ...id, ...change }, 2) ?? record;
    wakeUp.wake();
  };
  return { change, wakeUp, states: follow(() => record, wakeUp, [never, signal]) };
}

Deno.test("changes between two looks come as one", async () => {
  const { change, states } = followed();
  assert.equal((await states.next()).value?.state, "queued");
  change({ state: "processing", attempt: 1 });
  change({ state: "processing", attempt: 2 });
  assert.equal((await states.next()).value?.attempt, 2);
  const next = states.next();
  change({ state: "dead" });
  assert.equal((await next).value?.state, "dead");
  assert.equal((await states.next()).done, true);
});

Deno.test("a wake-up for nothing, or a confirmation, gives nothing", async () => {
  const controller = new AbortController();
  const { wakeUp, states } = followed(controller.signal);
  await states.next();
  const next = states.next();
  wakeUp.wake();
  wakeUp.wake();
  controller.abort();
  assert.equal((await next).done, true);
});

Deno.test("what was cancelled comes in groups, the first of which may be empty", async () => {
  const controller = new AbortController();
  const wakeUp = new WakeUp();
  let fresh: CancelledRequest[] = [];
  const groups = followCancelled(() => fresh.splice(0), wakeUp, [controller.signal]);
  assert.deepEqual((await groups.next()).value, []);
  const next = groups.next();
  wakeUp.wake();
  fresh = [{ id: "a", until: 1 }, { id: "b", until: 2 }];
  wakeUp.wake();
  assert.deepEqual((await next).value?.map(({ id }) => id), ["a", "b"]);
  const last = groups.next();
  controller.abort();
  assert.equal((await last).done, true);
});
