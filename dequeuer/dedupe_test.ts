import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { Dedupe } from "./dedupe.ts";
import type { Outcome } from "./outcome.ts";

const answered = (body = new Uint8Array(1)): Outcome => ({
  kind: "answered",
  response: { status: 200, headers: {}, body },
});
const retry: Outcome = { kind: "retry", delayMs: 1, countsAttempt: true, failure: "x" };

Deno.test("a request that was answered within the window is not run again", async () => {
  const clock = FakeTimers.install({ now: 1_000 });
  try {
    const dedupe = new Dedupe(10_000);
    let runs = 0;
    const run = (id: string) => dedupe.run(id, () => (runs++, Promise.resolve(answered())));
    const first = await run("a");
    assert.deepEqual(await run("a"), first);
    assert.equal(runs, 1);
    await run("b");
    assert.equal(runs, 2);
    clock.tick(10_001);
    await run("a");
    assert.equal(runs, 3, "the window is over");
  } finally {
    clock.uninstall();
  }
});

Deno.test("a failure is not kept", async () => {
  const dedupe = new Dedupe(10_000);
  assert.equal(await dedupe.run("a", () => Promise.resolve(retry)), retry);
  assert.equal((await dedupe.run("a", () => Promise.resolve(answered()))).kind, "answered");
});

Deno.test("a request that runs already is waited for, and run again if it fails", async () => {
  const dedupe = new Dedupe(10_000);
  const first = Promise.withResolvers<Outcome>();
  let runs = 0;
  const one = dedupe.run("a", () => first.promise);
  const two = dedupe.run("a", () => (runs++, Promise.resolve(answered())));
  first.resolve(answered());
  assert.equal(await two, await one);
  assert.equal(runs, 0);

  const failing = Promise.withResolvers<Outcome>();
  const three = dedupe.run("b", () => failing.promise);
  const four = dedupe.run("b", () => (runs++, Promise.resolve(answered())));
  failing.resolve(retry);
  assert.equal(await three, retry);
  assert.equal((await four).kind, "answered");
  assert.equal(runs, 1);
});

Deno.test("the oldest responses go when there are too many bytes", async () => {
  const dedupe = new Dedupe(60_000);
  let runs = 0;
  const body = new Uint8Array(40 * 2 ** 20);
  const run = (id: string) => dedupe.run(id, () => (runs++, Promise.resolve(answered(body))));
  await run("a");
  await run("b");
  await run("b");
  assert.equal(runs, 2);
  await run("a");
  assert.equal(runs, 3, "the first had to go");
});
