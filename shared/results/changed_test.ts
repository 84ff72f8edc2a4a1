import assert from "node:assert/strict";
import { changed, entered, expiresAt, isAbandoned, isDelayed } from "./changed.ts";
import { abandonedAfterMs, type Change, type RequestRecord } from "./result_store.ts";

const claim = { key: "key", fingerprint: "print" };
const id = { id: "a", service: "work" };
const response = { status: 200, headers: {}, body: new Uint8Array() };
const queued = entered({ ...id, dueAt: 5, deadline: 9, claim }, 1);
const succeeded = { ...queued, state: "succeeded", status: 200, attempt: 2, run: 1 } as const;

const cases: {
  name: string;
  before?: RequestRecord;
  change: Omit<Change, "id" | "service">;
  after: Partial<RequestRecord> | undefined;
}[] = [
  {
    name: "a change keeps what it does not speak of",
    before: queued,
    change: { state: "processing", attempt: 1 },
    after: { ...queued, state: "processing", attempt: 1 },
  },
  {
    name: "a change of an unknown request enters it",
    change: { state: "processing", attempt: 3, run: 2 },
    after: { state: "processing", attempt: 3, run: 2, createdAt: 7 },
  },
  {
    name: "what was said of one attempt does not stand for the next",
    before: { ...queued, attempt: 1, reason: "502", nextAttemptAt: 6 },
    change: { state: "processing", attempt: 2 },
    after: { ...queued, state: "processing", attempt: 2 },
  },
  {
    name: "a change that names no attempt leaves it",
    before: { ...queued, attempt: 3 },
    change: { state: "dead", reason: "expired" },
    after: { ...queued, state: "dead", attempt: 3, reason: "expired" },
  },
  {
    name: "a response comes with a final state",
    before: queued,
    change: { state: "failed", response: { ...response, status: 404 } },
    after: { ...queued, state: "failed", status: 404 },
  },
  {
    name: "a response without a final state is none",
    before: queued,
    change: { state: "processing", response },
    after: { ...queued, state: "processing" },
  },
  {
    name: "a final state sticks",
    before: succeeded,
    change: { state: "processing", run: 1 },
    after: undefined,
  },
  {
    name: "a higher run reopens",
    before: succeeded,
    change: { state: "queued", run: 2 },
    after: { ...queued, state: "queued", run: 2, attempt: 0 },
  },
  {
    name: "a lower run is late",
    before: { ...queued, run: 1 },
    change: { state: "processing" },
    after: undefined,
  },
];

for (const { name, before, change, after } of cases) {
  Deno.test(`changed: ${name}`, () => {
    const actual = changed(before, { ...id, ...change }, 7);
    const rest = { ...id, updatedAt: 7, confirmed: true };
    assert.deepEqual(actual, after && { createdAt: 1, ...after, ...rest });
  });
}

Deno.test("abandoned is what was neither confirmed nor changed in time", () => {
  const late = 1 + abandonedAfterMs;
  assert.equal(isAbandoned(queued, late - 1), false);
  assert.equal(isAbandoned(queued, late), true);
  assert.equal(isAbandoned({ ...queued, confirmed: true }, late), false);
  const processing = changed(queued, { ...id, state: "processing" }, 2);
  assert.ok(processing && !isAbandoned(processing, late));
});

Deno.test("a request that nobody has entered was created when its id was made", () => {
  const change = { ...id, id: "0199c1a0-0000-7000-8000-000000000000", state: "dead" } as const;
  const made = 0x0199c1a00000;
  assert.equal(changed(undefined, change, made + 5)?.createdAt, made);
  assert.equal(changed(undefined, change, made - 5)?.createdAt, made - 5);
});

Deno.test("delayed is what is queued until its delivery or its next attempt, and no longer", () => {
  const { dueAt = 0 } = queued;
  assert.equal(isDelayed(queued, 4), true);
  assert.equal(isDelayed(queued, dueAt), false);
  assert.equal(isDelayed({ ...queued, nextAttemptAt: 9 }, 8), true);
  assert.equal(isDelayed({ ...queued, nextAttemptAt: 9 }, 9), false);
  assert.equal(isDelayed(entered(id, 1), 0), false);
  assert.equal(isDelayed({ ...queued, state: "cancelled" }, 4), false);
});

Deno.test("what has ended expires after its end, else after its deadline, else a month later", () => {
  const { deadline: _, ...open } = queued;
  const month = 30 * 86_400_000;
  assert.equal(expiresAt(open, 100), 5 + month);
  assert.equal(expiresAt({ ...open, dueAt: 7 * month }, 100), 8 * month);
  assert.equal(expiresAt({ ...open, nextAttemptAt: 3 * month }, 100), 4 * month);
  assert.equal(expiresAt(open, 2 * month), 5 + 2 * month);
  assert.equal(expiresAt(queued, 100), 109);
  assert.equal(expiresAt({ ...queued, updatedAt: 20 }, 100), 120);
  assert.equal(expiresAt(succeeded, 100), 101);
});
