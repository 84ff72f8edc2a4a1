/** What the behaviours of a result store are made of. */

import assert from "node:assert/strict";
import type { QueuedResponse } from "../../shared/message/envelope.ts";
import { newRequestId } from "../../shared/message/request_id.ts";
import {
  type CancelledRequest,
  finalStates,
  type IdempotencyClaim,
  type NewRequest,
  type RequestRecord,
  type ResultStore,
  type ResultStoreOptions,
} from "../../shared/results/result_store.ts";
import { eventually, type TestBroker, uniqueName } from "../brokers.ts";

/** The service of all requests here. */
export const service = "test";

/** Opens a store on a handle of its own. */
export async function openStore(
  t: TestBroker,
  { ttlMs = 3_600_000, lookUps = true, name = "proxymq-test" }: Partial<
    ResultStoreOptions & { name: string }
  > = {},
): Promise<ResultStore> {
  return (await t.open({ name })).results({ ttlMs, lookUps });
}

/** A request with a new id. */
export function newRequest(rest: Partial<NewRequest> = {}): NewRequest {
  return { id: newRequestId(), service, ...rest };
}

/** A claim on a key that no other test uses: they may all have one store. */
export function newClaim(): IdempotencyClaim {
  return { key: uniqueName("key"), fingerprint: "print" };
}

/** Those of some requests in what has been cancelled in a store, which may be that of others too. */
export function among(
  ids: readonly string[],
  cancelled: readonly CancelledRequest[] | undefined,
): CancelledRequest[] {
  return (cancelled ?? []).filter(({ id }) => ids.includes(id)).sort((a, b) =>
    a.id < b.id ? -1 : 1
  );
}

/** Enters a request with a new id. @returns the id. */
export async function enterNew(store: ResultStore): Promise<string> {
  const request = newRequest();
  assert.deepEqual(await store.enter(request), { kind: "new" });
  return request.id;
}

/** A response with a text body. */
export function answer(text: string, status = 200): QueuedResponse {
  return {
    status,
    headers: { "content-type": "text/plain" },
    body: new TextEncoder().encode(text),
  };
}

/** The body of a response as text. */
export function textOf(response: QueuedResponse | undefined): string | undefined {
  return response && new TextDecoder().decode(response.body);
}

/** Waits until a store knows a request as it is expected to be. */
export async function known(
  store: ResultStore,
  id: string,
  expected: Partial<RequestRecord>,
): Promise<RequestRecord> {
  return await eventually(async () => {
    const record = await store.get(id);
    assert.ok(record, `${id} is not known`);
    assert.deepEqual({ ...record, ...expected }, record);
    return record;
  });
}

/** Waits until a store does not know a request, nor its response. */
export async function unknown(store: ResultStore, id: string): Promise<void> {
  await eventually(async () => {
    // What is this young, a store waits for a little.
    const found = await Promise.all([store.get(id), store.response(id)]);
    assert.deepEqual(found, [undefined, undefined]);
    return true;
  });
}

/** Waits until `reader` knows all the final states that `writer` has recorded so far. */
export async function caughtUp(writer: ResultStore, reader: ResultStore): Promise<void> {
  const { id } = newRequest();
  await writer.record({ id, service, state: "succeeded" });
  await known(reader, id, { state: "succeeded" });
}

/** Whether a record is in a final state. */
export function isFinal({ state }: RequestRecord): boolean {
  return finalStates.has(state);
}
