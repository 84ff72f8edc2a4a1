import assert from "node:assert/strict";
import { v7 } from "uuid";
import { abandonedAfterMs, type RequestState } from "../result_store.ts";
import type { Entry, EntryKind } from "./entry.ts";
import { RecordIndex } from "./record_index.ts";

const ttlMs = 60_000;
const start = 1_763_829_840_000;

/** An id that was made so many milliseconds after the start. */
function idAt(ms: number): string {
  return v7({ msecs: start + ms });
}

/** An index that takes entries at times after the start, and numbers them. */
function given({ limit = 100 }: { readonly limit?: number } = {}) {
  const index = new RecordIndex(ttlMs, limit);
  let offset = 0;
  return {
    index,
    take: (kind: EntryKind, id: string, ms = 0, rest: Partial<Entry> = {}) =>
      index.apply({ kind, id, at: start + ms, service: "s", ...rest }, offset++),
    state: (id: string, ms = 0) => index.get(id, start + ms)?.record.state,
  };
}

Deno.test("the changes of a request, and that only a change is told", () => {
  const { take, state } = given();
  const id = idAt(0);
  assert.ok(take("enter", id));
  assert.equal(take("enter", id), undefined);
  assert.ok(take("change", id, 1, { state: "processing", attempt: 1 }));
  assert.ok(take("change", id, 2, { state: "succeeded" }));
  assert.equal(take("change", id, 3, { state: "processing" }), undefined);
  assert.equal(take("cancel", id, 3), undefined);
  assert.equal(state(id), "succeeded");
  assert.ok(take("change", id, 4, { state: "processing", run: 1 }));
  assert.equal(state(id), "processing");
});

Deno.test("a cancel is of the run that is under way, and enters nothing", () => {
  const { take, state } = given();
  const id = idAt(0);
  assert.equal(take("cancel", id), undefined);
  assert.equal(state(id), undefined);
  take("change", id, 0, { state: "processing", run: 2 });
  take("cancel", id);
  assert.equal(state(id), "cancelled");
});

Deno.test("where the response is, and that it goes with the run", () => {
  const { index, take } = given();
  const id = idAt(0);
  take("enter", id);
  const response = { status: 200, headers: {}, body: new Uint8Array(0) };
  take("change", id, 1, { state: "dead", response });
  assert.equal(index.get(id, start)?.responseAt, 1);
  take("change", id, 1, { state: "processing", run: 1 });
  assert.equal(index.get(id, start)?.responseAt, undefined);
});

Deno.test("who has a key", () => {
  const { index, take, state } = given();
  const claim = { key: "k", fingerprint: "f" };
  const [first, second, third] = [idAt(0), idAt(1), idAt(2)];
  const holder = (ms: number) => index.holder("k", start + ms)?.record.id;
  take("enter", first, 0, { claim });
  take("enter", second, 1, { claim });
  assert.equal(state(second), undefined);
  assert.equal(holder(1), first);
  assert.equal(holder(abandonedAfterMs), undefined, "nobody has confirmed it");
  take("enter", second, abandonedAfterMs, { claim });
  take("confirm", first, abandonedAfterMs + 1);
  assert.equal(holder(abandonedAfterMs + 1), second);
  take("confirm", second, abandonedAfterMs + 2);
  assert.equal(holder(abandonedAfterMs * 3), second);
  take("withdraw", second, abandonedAfterMs + 3);
  take("enter", third, abandonedAfterMs + 4, { claim });
  assert.equal(holder(abandonedAfterMs + 4), third);
});

Deno.test("what has ended is known for its time, what has not is known on", () => {
  const { index, take, state } = given();
  const [ended, open, expiring] = [idAt(0), idAt(0), idAt(0)];
  take("enter", open);
  take("enter", expiring, 0, { deadline: start + 1_000 });
  take("change", ended, 5, { state: "failed" });
  assert.equal(state(ended, ttlMs + 4), "failed");
  assert.equal(state(ended, ttlMs + 5), undefined);
  assert.equal(state(expiring, ttlMs + 1_000), undefined);
  assert.equal(state(open, 10 * ttlMs), "queued");
  index.sweep(start + 10 * ttlMs);
  assert.equal(index.size, 1);
});

Deno.test("over its limit it lets go of what has ended first, and knows that it did", () => {
  const { index, take, state } = given({ limit: 3 });
  const ids = [0, 1, 2, 3].map((ms) => idAt(ms));
  const states: RequestState[] = ["queued", "succeeded", "failed", "queued"];
  for (const [i, id] of ids.entries()) take("change", id, i, { state: states[i] ?? "queued" });
  assert.deepEqual(ids.map((id) => state(id)), ["queued", undefined, "failed", "queued"]);
  assert.deepEqual(ids.map((id) => index.complete(id)), [false, false, true, true]);
});

Deno.test("an index of the past is adopted but for what is known already", () => {
  const [past, now] = [given(), given()];
  const [both, old] = [idAt(0), idAt(0)];
  const claim = { key: "k", fingerprint: "f" };
  past.take("enter", both);
  past.take("enter", old, 0, { claim });
  now.take("change", both, 1, { state: "succeeded" });
  now.index.adopt(past.index);
  assert.equal(now.state(both), "succeeded");
  assert.equal(now.state(old), "queued");
  assert.equal(now.index.holder("k", start)?.record.id, old);
});
