import assert from "node:assert/strict";
import { eventually } from "../../../tests/support/waiting.ts";
import { MemoryLog } from "../../../tests/support/memory_log.ts";
import { BrokerUnavailableError } from "../../broker/errors.ts";
import { newRequestId } from "../../message/request_id.ts";
import { LogResults } from "./log_results.ts";

const service = "s";
const ok = { status: 200, headers: {}, body: new Uint8Array([1]) };

/** Logs, and stores on them. */
function given() {
  const [results, cancels] = [new MemoryLog(), new MemoryLog()];
  return {
    results,
    open: (limit?: number, ttlMs = 60_000) =>
      new LogResults(results, cancels, { ttlMs, lookUps: true }, limit),
  };
}

async function enter(store: LogResults): Promise<string> {
  const id = newRequestId();
  assert.deepEqual(await store.enter({ id, service }), { kind: "new" });
  return id;
}

Deno.test("a store that is opened later reads what was before it", async () => {
  const { open } = given();
  await using first = open();
  const id = await enter(first);
  await first.record({ id, service, state: "succeeded", response: ok });
  await using second = open();
  assert.equal((await second.get(id))?.state, "succeeded");
  assert.deepEqual(await second.response(id), ok);
});

Deno.test("what comes is known at once, while the past is still being read", async () => {
  const { results, open } = given();
  const before = { id: "", claim: { key: "k", fingerprint: "f" } };
  {
    await using first = open();
    before.id = await enter(first);
    await first.enter({ id: newRequestId(), service, claim: before.claim });
  }
  results.hold();
  await using store = open();
  const id = await enter(store);
  await store.record({ id, service, state: "processing", attempt: 1 });
  await eventually(async () => (await store.get(id))?.state === "processing");
  // One of the past ends meanwhile, and a key of the past is asked for.
  await store.record({ id: before.id, service, state: "succeeded", attempt: 1, response: ok });
  const claiming = store.enter({ id: newRequestId(), service, claim: before.claim });
  results.release();
  assert.equal((await claiming).kind, "taken");
  await eventually(async () => (await store.get(before.id))?.state === "succeeded");
  assert.deepEqual(await store.response(before.id), ok);
});

Deno.test("a request that memory has no room for is found in the log, cancelled too", async () => {
  const { results, open } = given();
  await using store = open(2);
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const id = await enter(store);
    if (n !== 0) await store.record({ id, service, state: "succeeded", response: ok });
    ids.push(id);
  }
  const [open_ = "", ended = ""] = ids;
  const third = await enter(store);
  const fourth = await enter(store);
  for (const id of [third, fourth]) assert.equal((await store.get(id))?.state, "queued");
  const { reads } = results;
  assert.equal((await store.get(ended))?.state, "succeeded");
  assert.deepEqual(await store.response(ended), ok);
  assert.ok(results.reads > reads);
  assert.equal((await store.get(open_))?.state, "queued");
  assert.equal((await store.cancel(open_, Date.now() + 1_000))?.state, "cancelled");
});

Deno.test("a lookup writes nothing", async () => {
  const { results, open } = given();
  await using store = open();
  const id = await enter(store);
  assert.equal((await store.get(id))?.state, "queued");
  const { length } = results;
  for (const one of [id, "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f", "none"]) await store.get(one);
  assert.equal(results.length, length);
});

Deno.test("what stays open is told again before the log forgets it, by one store for all", async () => {
  const { results, open } = given();
  const ttlMs = 2_000;
  await using one = open(undefined, ttlMs);
  await using two = open(undefined, ttlMs);
  const id = await enter(one);
  assert.equal((await two.get(id))?.state, "queued");
  const entered = results.length;
  const told = Promise.withResolvers<void>();
  const append = results.append.bind(results);
  let refreshes = 0;
  results.append = (message) => {
    if (message.headers["kind"] === "refresh") refreshes++;
    told.resolve();
    return append(message);
  };
  await told.promise;
  assert.ok(results.length > entered);
  assert.equal((await two.get(id))?.state, "queued");
  assert.equal(refreshes, 1);
});

Deno.test("an unknown request is no 404 while the log cannot be read", async () => {
  const { results, open } = given();
  await using store = open();
  await enter(store);
  results.attached = false;
  await assert.rejects(
    store.get("019ab0c2-7c00-7cc3-98c4-dc0c0c07398f"),
    BrokerUnavailableError,
  );
});
