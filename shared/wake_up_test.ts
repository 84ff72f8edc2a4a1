import assert from "node:assert/strict";
import { WakeUp } from "./wake_up.ts";

const never = new AbortController().signal;

Deno.test("a wake-up before the waiting is kept, once", async () => {
  const wakeUp = new WakeUp();
  wakeUp.wake();
  wakeUp.wake();
  await wakeUp.next([never]);
  let woken = false;
  const next = wakeUp.next([never]).then(() => woken = true);
  await Promise.resolve();
  assert.equal(woken, false);
  wakeUp.wake();
  await next;
});

Deno.test("any of the signals ends the waiting, before it or while it lasts", async () => {
  const wakeUp = new WakeUp();
  await wakeUp.next([never, AbortSignal.abort()]);
  const controller = new AbortController();
  const next = wakeUp.next([never, controller.signal]);
  controller.abort();
  await next;
});
