import { openBroker } from "../../../shared/broker/open.ts";
import { newRequestId } from "../../../shared/message/request_id.ts";
import type { QueuedResponse } from "../../../shared/message/envelope.ts";
import type { NewRequest, ResultStore } from "../../../shared/results/result_store.ts";
import { cpuSeconds } from "./cpu.ts";
import type { Place } from "./place.ts";

/** What one change or question costs. */
export interface ChangeCost {
  readonly name: string;
  /** Milliseconds of CPU of whoever makes it, all that the store's reader does with it included. */
  readonly callerMs: number;
  /** Milliseconds of CPU of the broker's server. */
  readonly serverMs: number;
  /** Milliseconds until it is done, with 32 others under way. */
  readonly ms: number;
}

const atOnce = 32;
const service = "bench";

const response: QueuedResponse = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: new Uint8Array(1_024).fill(32),
};

type Make = (store: ResultStore, request: NewRequest) => Promise<unknown>;

/** In the order in which they happen to a request. */
const changes: readonly { readonly name: string; readonly make: Make }[] = [
  { name: "taken", make: (store, { claim: _, ...request }) => store.enter(request) },
  { name: "taken, with a key", make: (store, request) => store.enter(request) },
  { name: "its key confirmed", make: (store, { id }) => store.confirm(id) },
  {
    name: "processing",
    make: (store, { id }) => store.record({ id, service, state: "processing", attempt: 1 }),
  },
  {
    name: "ended, with a response of 1 KiB",
    make: (store, { id }) =>
      store.record({ id, service, state: "succeeded", attempt: 1, response }),
  },
  { name: "its state asked for", make: (store, { id }) => store.get(id) },
  { name: "its response asked for", make: (store, { id }) => store.response(id) },
];

/** Makes each change of many requests, and takes what it costs. */
export async function measureChanges(place: Place, count: number): Promise<ChangeCost[]> {
  const connected = Promise.withResolvers<void>();
  await using broker = await openBroker(place.url, {
    name: "proxymq-bench",
    onStatus: (status) => status.connected && connected.resolve(),
  });
  if (!broker.status.connected) await connected.promise;
  await using store = broker.results({ ttlMs: 600_000, lookUps: true });
  const costs: ChangeCost[] = [];
  // The stream is made when it is first read.
  await store.get(newRequestId());
  // Once to warm up.
  for (const counts of [false, true]) {
    const plain = many(count);
    const keyed = many(count).map((request) => ({
      ...request,
      claim: { key: request.id, fingerprint: "print" },
    }));
    for (const { name, make } of changes) {
      const requests = /key/.test(name) ? keyed : plain;
      const pids = [[Deno.pid], place.serverPids] as const;
      const before = pids.map(cpuSeconds);
      const start = performance.now();
      const left = requests.values();
      await Promise.all(Array.from({ length: atOnce }, async () => {
        for (const request of left) await make(store, request);
      }));
      // What is read of it and what is not waited for is of the cost.
      const last = many(1)[0];
      if (last) {
        await store.enter(last);
        await store.get(last.id);
      }
      const seconds = performance.now() - start;
      const [caller = NaN, server = NaN] = pids.map((ids, i) => cpuSeconds(ids) - (before[i] ?? 0));
      if (!counts) continue;
      costs.push({
        name,
        callerMs: 1000 * caller / count,
        serverMs: 1000 * server / count,
        ms: seconds * atOnce / count,
      });
    }
  }
  return costs;
}

function many(count: number): NewRequest[] {
  return Array.from({ length: count }, () => ({ id: newRequestId(), service }));
}
