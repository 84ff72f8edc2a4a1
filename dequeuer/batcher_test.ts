import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { type Batch, batch, type BatchOptions } from "./batcher.ts";
import { PushQueue } from "./batches/push_queue.ts";

type Item = { readonly key?: string; readonly name: string; readonly size?: number };

/** A batcher on fake time, and what it has given out so far. */
interface Given {
  readonly source: PushQueue<Item>;
  /** `key:names reason waitMs` of each batch, in order. */
  readonly out: string[];
  push(...names: string[]): Promise<void>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
}

/** Runs a test with a reader who takes every batch at once. */
async function reading(
  options: Partial<BatchOptions<Item>>,
  test: (given: Given) => Promise<void>,
): Promise<void> {
  await onFakeTime(async (given) => {
    const read = (async () => {
      for await (const one of batch(given.source, { ...defaults, ...options })) {
        given.out.push(shown(one));
      }
    })();
    await test(given);
    given.source.end();
    await given.pass(0);
    await read;
  });
}

const defaults: BatchOptions<Item> = {
  maxItems: 3,
  maxBytes: 100,
  lingerMs: 10,
  key: ({ key }) => key ?? "",
  size: ({ size }) => size ?? 0,
};

async function onFakeTime(test: (given: Given) => Promise<void>): Promise<void> {
  const clock = FakeTimers.install();
  const source = new PushQueue<Item>();
  try {
    await test({
      source,
      out: [],
      async push(...names) {
        for (const name of names) source.push({ name });
        await clock.tickAsync(0);
      },
      pass: async (ms) => void await clock.tickAsync(ms),
    });
  } finally {
    clock.uninstall();
  }
}

function shown({ key, items, reason, waitMs }: Batch<Item>): string {
  return `${key}:${items.map(({ name }) => name).join("")} ${reason} ${waitMs}`;
}

Deno.test("full: as many items as it may have", async () => {
  await reading({}, async ({ push, pass, out }) => {
    await push("a", "b");
    await pass(4);
    await push("c", "d");
    assert.deepEqual(out, [":abc full 4"]);
  });
});

Deno.test("bytes: the next item would not fit, or it is just full", async () => {
  await reading({}, async ({ source, pass, out }) => {
    source.push({ name: "a", size: 60 });
    await pass(3);
    source.push({ name: "b", size: 60 });
    await pass(0);
    assert.deepEqual(out, [":a bytes 3"]);
    source.push({ name: "c", size: 40 });
    await pass(0);
    assert.deepEqual(out, [":a bytes 3", ":bc bytes 0"]);
  });
});

Deno.test("bytes: an item that is larger than all that is allowed goes alone", async () => {
  await reading({}, async ({ source, pass, out }) => {
    source.push({ name: "a", size: 10 });
    source.push({ name: "b", size: 500 });
    source.push({ name: "c", size: 10 });
    await pass(0);
    assert.deepEqual(out, [":a bytes 0", ":b bytes 0"]);
    await pass(10);
    assert.deepEqual(out.slice(2), [":c linger 10"]);
  });
});

Deno.test("linger: the wait starts at the first item, and a later one does not prolong it", async () => {
  await reading({}, async ({ push, pass, out }) => {
    await pass(50);
    await push("a");
    await pass(9);
    await push("b");
    assert.deepEqual(out, []);
    await pass(1);
    assert.deepEqual(out, [":ab linger 10"]);
  });
});

Deno.test("idle: due at once, with what came in the same turn", async () => {
  await reading({ dueAt: (_key, firstAt) => firstAt }, async ({ push, pass, out }) => {
    await push("a", "b");
    await pass(1);
    await push("c");
    assert.deepEqual(out, [":ab idle 0", ":c idle 0"]);
  });
});

Deno.test("idle: what is due is asked again when its time has come", async () => {
  let busy = true;
  const dueAt = (_key: string, firstAt: number) => firstAt + (busy ? 5 : 0);
  await reading({ dueAt }, async ({ push, pass, out }) => {
    await push("a");
    busy = false;
    await pass(4);
    await push("b");
    assert.deepEqual(out, [":ab idle 4"]);
  });
});

Deno.test("end: what is held is flushed before the iteration ends", async () => {
  const out: string[] = [];
  await onFakeTime(async ({ source, pass }) => {
    const read = (async () => {
      for await (const one of batch(source, defaults)) out.push(shown(one));
      out.push("done");
    })();
    source.push({ name: "a", key: "x" });
    source.push({ name: "b", key: "y" });
    await pass(2);
    source.end();
    await pass(0);
    await read;
  });
  assert.deepEqual(out, ["x:a end 2", "y:b end 2", "done"]);
});

Deno.test("a source that throws: what is held first, then its error, once", async () => {
  await onFakeTime(async ({ pass }) => {
    const source = (async function* () {
      yield { name: "a" };
      await Promise.resolve();
      throw new Error("broken");
    })();
    const batches = batch(source, defaults);
    const first = batches.next();
    const second = batches.next();
    second.catch(() => {});
    await pass(0);
    assert.equal(shown((await first).value), ":a end 0");
    await assert.rejects(second, /broken/);
    assert.deepEqual(await batches.next(), { done: true, value: undefined });
  });
});

Deno.test("abort during linger: at once, and so for all that comes until the source ends", async () => {
  const stop = new AbortController();
  await reading({ signal: stop.signal }, async ({ push, pass, out }) => {
    await push("a");
    await pass(5);
    stop.abort();
    await pass(0);
    assert.deepEqual(out, [":a end 5"]);
    await pass(20);
    await push("b");
    assert.deepEqual(out, [":a end 5", ":b end 0"]);
  });
});

Deno.test("keys that interleave: each has batches and a wait of its own", async () => {
  await reading({}, async ({ source, pass, out }) => {
    const at = async (ms: number, name: string, key: string) => {
      await pass(ms);
      source.push({ name, key });
    };
    await at(0, "a", "x");
    await at(2, "1", "y");
    await at(2, "b", "x");
    await at(2, "2", "y");
    await at(2, "3", "y");
    await pass(0);
    assert.deepEqual(out, ["y:123 full 6"]);
    await pass(2);
    assert.deepEqual(out, ["y:123 full 6", "x:ab linger 10"]);
  });
});

Deno.test("the pending read stays across a flush: an item just after it is not lost", async () => {
  let reads = 0;
  await onFakeTime(async ({ source, pass }) => {
    const counting: AsyncIterableIterator<Item> = {
      next: () => (reads++, source.next()),
      [Symbol.asyncIterator]: () => counting,
    };
    const batches = batch(counting, defaults);
    source.push({ name: "a" });
    const first = batches.next();
    await pass(10);
    assert.equal(shown((await first).value), ":a linger 10");
    assert.equal(reads, 2);
    const second = batches.next();
    await pass(100);
    assert.equal(reads, 2, "no second read while one is pending");
    source.push({ name: "b" });
    await pass(10);
    assert.equal(shown((await second).value), ":b linger 10");
  });
});

Deno.test("while the reader is busy items gather, and go by whose first came first", async () => {
  await onFakeTime(async ({ source, pass }) => {
    const batches = batch(source, defaults);
    source.push({ name: "1", key: "y" });
    await pass(1);
    for (const name of ["a", "b", "c", "d"]) source.push({ name, key: "x" });
    await pass(30);
    const out = [];
    for (let i = 0; i < 3; i++) out.push(shown((await batches.next()).value));
    assert.deepEqual(out, ["y:1 linger 31", "x:abc full 30", "x:d linger 30"]);
  });
});

Deno.test("the limit is asked when a batch is made, with the oldest item that waits", async () => {
  let limit = 2;
  const maxItems = ({ name }: Item) => name === "!" ? 1 : limit;
  await onFakeTime(async ({ source, pass }) => {
    const batches = batch(source, { ...defaults, maxItems });
    for (const name of ["a", "b", "c", "d", "e", "!", "f"]) source.push({ name });
    await pass(0);
    assert.equal(shown((await batches.next()).value), ":ab full 0");
    limit = 3;
    assert.equal(shown((await batches.next()).value), ":cde full 0");
    assert.equal(shown((await batches.next()).value), ":! full 0");
  });
});

Deno.test("leaving the loop early ends the source", async () => {
  let returned = false;
  const source: AsyncIterableIterator<Item> = {
    next: () => new Promise(() => {}),
    return() {
      returned = true;
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => source,
  };
  const batches = batch(source, defaults);
  const waiting = batches.next();
  await batches.return?.();
  assert.ok(returned);
  assert.deepEqual(await waiting, { done: true, value: undefined });
});
