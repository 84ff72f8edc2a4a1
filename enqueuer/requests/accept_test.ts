import assert from "node:assert/strict";
import { openBroker } from "../../shared/broker/open.ts";
import { newRequestId } from "../../shared/message/request_id.ts";
import { type Entered, type NewRequest } from "../../shared/results/result_store.ts";
import { entered } from "../../shared/results/changed.ts";
import { acceptRequest } from "./accept.ts";
import { KnownServices } from "../queues/known_services.ts";

const queue = { kind: "work", name: "test_requests", deadLetterQueue: "test_dlq" } as const;

/** Accepts a request, whose key is answered for in turn. */
async function accept(entry: NewRequest, answers: Entered[]) {
  await using broker = await openBroker("memory:accept_test", { name: "test" });
  await broker.declare(queue);
  await using store = broker.results({ ttlMs: 60_000, lookUps: true });
  const results = Object.assign(Object.create(store), {
    enter: () => Promise.resolve(answers.shift() ?? assert.fail("asked once too often")),
    confirm: () => Promise.resolve(),
  });
  const request = { id: entry.id, method: "POST", path: "/", headers: {}, body: new Uint8Array() };
  const services = new KnownServices([]);
  const taken = await acceptRequest({ broker, results, services }, entry, request, 0);
  assert.deepEqual(answers, []);
  return { taken, queued: (await broker.stats(queue.name)).ready };
}

const claim = { key: "key", fingerprint: "print" };
const entry: NewRequest = { id: newRequestId(), service: "test", claim };
const other = entered({ ...entry, id: newRequestId() }, Date.now());
const unconfirmed: Entered = { kind: "taken", record: other };

Deno.test("a request that may not be in its queue does not stand for another with its key", async () => {
  const answers: Entered[] = [unconfirmed, unconfirmed, { kind: "new" }];
  assert.deepEqual(await accept(entry, answers), { taken: undefined, queued: 1 });
});

Deno.test("one that is in its queue does, once that is known", async () => {
  const record = { ...other, confirmed: true };
  const answers: Entered[] = [unconfirmed, { kind: "taken", record }];
  assert.deepEqual(await accept(entry, answers), { taken: record, queued: 0 });
});

Deno.test("that a key is used for another request is said at once", async () => {
  const record = { ...other, claim: { ...claim, fingerprint: "another" } };
  const answers: Entered[] = [{ kind: "taken", record }];
  assert.deepEqual(await accept(entry, answers), { taken: record, queued: 0 });
});
