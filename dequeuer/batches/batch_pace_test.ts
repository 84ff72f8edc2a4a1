import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { batch } from "../batcher.ts";
import { Pace } from "./pace.ts";
import { PushQueue } from "./push_queue.ts";
import { Slots } from "../slots.ts";

interface Setting {
  readonly callers: number;
  readonly calls: number;
  readonly lingerMs: number;
  /** From an answer to the same caller's next request, at least and at most, milliseconds. */
  readonly returns: readonly [number, number];
  /** Whether it waits for those who were answered. */
  readonly paced?: boolean;
}

/**
 * Callers that send one request after the other to a microservice that takes 20 ms a call for up to
 * 64 items, one call at a time, for ten seconds on fake time.
 * @returns the part of its ideal that it did (each call as full as callers there are), and the
 * median of the times that requests took.
 */
async function simulate(
  { callers, calls, lingerMs, returns: [least, most], paced = true }: Setting,
): Promise<{ part: number; p50: number }> {
  const clock = FakeTimers.install();
  try {
    const source = new PushQueue<{ readonly at: number }>();
    const pace = new Pace(lingerMs);
    const slots = new Slots(calls);
    const times: number[] = [];
    let state = 1;
    const send = () => {
      state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
      setTimeout(() => {
        pace.joined("");
        source.push({ at: performance.now() });
      }, least + state / 2 ** 32 * (most - least));
    };
    let freeAt = 0;
    const call = async (items: readonly { readonly at: number }[]) => {
      pace.started();
      freeAt = Math.max(freeAt, performance.now()) + 20 * Math.ceil(items.length / 64);
      await new Promise((resolve) => setTimeout(resolve, freeAt - performance.now()));
      pace.ended("", items.length, performance.now());
      slots.release();
      for (const { at } of items) {
        times.push(performance.now() - at);
        send();
      }
    };
    const batches = batch(source, {
      maxItems: 64,
      lingerMs,
      dueAt: (key, firstAt, now) => paced ? pace.dueAt(key, firstAt, now) : firstAt,
    });
    const reading = (async () => {
      for (;;) {
        await slots.available();
        const { done, value } = await batches.next();
        if (done) return;
        await slots.acquire();
        void call(value.items);
      }
    })();
    for (let i = 0; i < callers; i++) send();
    await clock.tickAsync(10_000);
    const rate = times.length / 10;
    await batches.return?.();
    await clock.tickAsync(1_000);
    await reading;
    const p50 = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
    return { part: rate / (50 * Math.min(64, callers)), p50 };
  } finally {
    clock.uninstall();
  }
}

Deno.test("64 callers, who come again within 10 ms, stay together", async () => {
  const setting = { callers: 64, calls: 1, lingerMs: 10, returns: [1, 10] } as const;
  const { part } = await simulate(setting);
  assert.ok(part > 0.6, `${part} of the ideal`);
  const greedy = await simulate({ ...setting, paced: false });
  assert.ok(greedy.part < 0.52, `without waiting they are two halves: ${greedy.part}`);
});

Deno.test("256 callers fill every call, and wait no longer than they have to", async () => {
  for (const calls of [1, 2]) {
    const setting = { callers: 256, calls, lingerMs: 10, returns: [2, 30] } as const;
    const { part, p50 } = await simulate(setting);
    assert.ok(part > 0.95, `${part} of the ideal with ${calls} calls`);
    assert.ok(p50 < 256 / 3.2 + 2 * setting.lingerMs, `${p50} ms`);
  }
});

Deno.test("a lone caller waits for nobody; a few wait for each other, and gain by it", async () => {
  const lone = await simulate({ callers: 1, calls: 1, lingerMs: 10, returns: [1, 1] });
  assert.ok(lone.p50 <= 21, `${lone.p50} ms`);
  const eight = { callers: 8, calls: 1, lingerMs: 10, returns: [1, 4] } as const;
  const { part, p50 } = await simulate(eight);
  const greedy = await simulate({ ...eight, paced: false });
  assert.ok(part > 1.5 * greedy.part, `${part}, without waiting ${greedy.part}`);
  assert.ok(p50 < greedy.p50, `${p50} ms, without waiting ${greedy.p50} ms`);
});
