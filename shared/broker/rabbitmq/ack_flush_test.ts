import assert from "node:assert/strict";
import { install } from "@sinonjs/fake-timers";
import { AckFlush } from "./ack_flush.ts";

Deno.test("a few acknowledgements need no time, many need some", () => {
  const clock = install();
  try {
    using flush = new AckFlush(true);
    using classic = new AckFlush(false);
    for (let i = 0; i < 30; i++) flush.sent();
    assert.equal(flush.remainingMs, 0);
    clock.tick(501);
    for (let i = 0; i < 40; i++) [flush, classic].forEach((one) => one.sent());
    assert.equal(flush.remainingMs, 500);
    assert.equal(classic.remainingMs, 0);
    let done = 0;
    flush.afterwards(() => done++);
    clock.tick(400);
    flush.sent();
    clock.tick(400);
    assert.equal(done, 0, "another one was sent meanwhile");
    clock.tick(101);
    assert.equal(done, 1);
    flush.afterwards(() => done++);
    assert.equal(done, 2);
  } finally {
    clock.uninstall();
  }
});

Deno.test("what waits for acknowledgements is dropped with them", () => {
  const clock = install();
  try {
    const flush = new AckFlush(true);
    for (let i = 0; i < 31; i++) flush.sent();
    flush.afterwards(() => assert.fail());
    flush[Symbol.dispose]();
    clock.tick(10_000);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});
