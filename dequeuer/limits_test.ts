import assert from "node:assert/strict";
import { Limits } from "./limits.ts";

Deno.test("the prefetch: a batch for each call, and one that gathers; without batches just the calls", () => {
  const prefetch = (concurrency: number, batchSize: number) =>
    new Limits({ concurrency, batchSize, onPrefetch() {} }).prefetch;
  assert.equal(prefetch(32, 1), 32);
  assert.equal(prefetch(1, 64), 128);
  assert.equal(prefetch(4, 16), 80);
  assert.equal(prefetch(10_000, 10_000), 65_535);
});

Deno.test("what is set stays", () => {
  const limits = new Limits({ concurrency: 3, batchSize: 5, onPrefetch() {} });
  assert.equal(limits.adaptive, false);
  for (let i = 0; i < 100; i++) {
    const [start, end] = [i * 50, i * 50 + 50];
    limits.observe({ start, end, items: 5, contended: true, full: true, failed: i % 2 === 0 });
  }
  assert.deepEqual([limits.concurrency, limits.batchSize, limits.prefetch], [3, 5, 20]);
});

/** Simulates a microservice with enough to do, one call after the other; returns what was found. */
function find(
  options: { concurrency: number | "auto"; batchSize: number | "auto" },
  service: (items: number, calls: number) => number,
  ms: number,
) {
  const prefetches: number[] = [];
  const limits = new Limits({ ...options, onPrefetch: (prefetch) => prefetches.push(prefetch) });
  const seen = new Map<string, number>();
  for (let now = 0; now < ms;) {
    const [items, calls] = [limits.batchSize, limits.concurrency];
    const took = service(items, calls);
    const start = now;
    now += took / calls;
    limits.observe({
      start,
      end: start + took,
      items,
      contended: true,
      full: true,
      failed: false,
    });
    const key = `${items} x ${calls}`;
    if (now > ms / 2) seen.set(key, (seen.get(key) ?? 0) + took / calls);
  }
  const [[most] = [""]] = [...seen].toSorted(([, a], [, b]) => b - a);
  return { most, prefetches, prefetch: limits.prefetch };
}

Deno.test("both found: a call has room for 64, one at a time", () => {
  const service = (items: number, calls: number) => 20 * Math.ceil(items / 64) * calls;
  const { most, prefetches, prefetch } = find(
    { concurrency: "auto", batchSize: "auto" },
    service,
    120_000,
  );
  assert.equal(most, "64 x 1");
  assert.ok(prefetch >= 128, `${prefetch} is enough for the batch in a call and the next`);
  assert.ok(prefetches.length < 12, `a new consumer for each of ${prefetches}`);
});

Deno.test("both found: 4 calls at once, each with room for 16", () => {
  const service = (items: number, calls: number) =>
    20 * Math.ceil(items / 16) * Math.max(1, calls / 4);
  assert.equal(find({ concurrency: "auto", batchSize: "auto" }, service, 120_000).most, "16 x 4");
});

Deno.test("one found, the other set", () => {
  const service = (items: number, calls: number) =>
    20 * Math.ceil(items / 16) * Math.max(1, calls / 6);
  assert.equal(find({ concurrency: "auto", batchSize: 8 }, service, 60_000).most, "8 x 6");
  assert.equal(find({ concurrency: 2, batchSize: "auto" }, service, 60_000).most, "16 x 2");
});
