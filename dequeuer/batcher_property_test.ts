import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import fc from "fast-check";
import { type Batch, batch } from "./batcher.ts";
import { PushQueue } from "./batches/push_queue.ts";

interface Item {
  readonly number: number;
  readonly key: string;
  readonly size: number;
}

/** Something that happens to a batcher; times in milliseconds. */
const event = fc.oneof(
  fc.record({
    kind: fc.constant("push" as const),
    key: fc.constantFrom("x", "y", "z"),
    size: fc.integer({ min: 0, max: 15 }),
  }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 15 }) }),
  fc.record({ kind: fc.constant("read" as const) }),
  fc.record({ kind: fc.constant("busy" as const), busy: fc.boolean() }),
  fc.record({ kind: fc.constant("drain" as const) }),
);

const limits = fc.record({
  maxItems: fc.integer({ min: 1, max: 5 }),
  maxBytes: fc.integer({ min: 1, max: 20 }),
  lingerMs: fc.integer({ min: 0, max: 10 }),
});

Deno.test("every item is in exactly one batch, in order within its key, and no batch over a limit", async () => {
  const property = fc.asyncProperty(
    limits,
    fc.array(event, { maxLength: 60 }),
    async (limits, events) => {
      const clock = FakeTimers.install();
      try {
        const source = new PushQueue<Item>();
        const drain = new AbortController();
        let busy = false;
        let number = 0;
        const batches = batch(source, {
          ...limits,
          key: ({ key }) => key,
          size: ({ size }) => size,
          dueAt: (_key, firstAt) => busy ? firstAt + limits.lingerMs : firstAt,
          signal: drain.signal,
        });
        const out: Batch<Item>[] = [];
        const reads: Promise<void>[] = [];
        const read = () => {
          reads.push(batches.next().then(({ done, value }) => void (done || out.push(value))));
        };
        for (const event of events) {
          if (event.kind === "push") source.push({ ...event, number: number++ });
          else if (event.kind === "read") read();
          else if (event.kind === "busy") busy = event.busy;
          else if (event.kind === "drain") drain.abort();
          else await clock.tickAsync(event.ms);
        }
        source.end();
        for (let i = 0; i < number; i++) read();
        await clock.tickAsync(0);
        await Promise.all(reads);

        const numbers = out.flatMap(({ items }) => items.map((item) => item.number));
        assert.deepEqual(numbers.toSorted((a, b) => a - b), [...Array(number).keys()]);
        for (const key of ["x", "y", "z"]) {
          const ofKey = out.filter((one) => one.key === key)
            .flatMap(({ items }) => items.map((item) => item.number));
          assert.deepEqual(ofKey, ofKey.toSorted((a, b) => a - b));
        }
        for (const { key, items, waitMs } of out) {
          assert.ok(items.length >= 1 && items.length <= limits.maxItems);
          assert.ok(items.every((item) => item.key === key));
          const bytes = items.reduce((sum, { size }) => sum + size, 0);
          assert.ok(items.length === 1 || bytes <= limits.maxBytes);
          assert.ok(waitMs >= 0);
        }
      } finally {
        clock.uninstall();
      }
    },
  );
  await fc.assert(property, { numRuns: 300, seed: 20_261_122 });
});
