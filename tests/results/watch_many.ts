import assert from "node:assert/strict";
import type { RequestState, ResultStore } from "../../shared/results/result_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { within } from "../brokers.ts";
import { enterNew, known, openStore, service } from "./stores.ts";

async function statesSeen(store: ResultStore, id: string, first: () => void) {
  const states: RequestState[] = [];
  for await (const { state } of store.watch(id, AbortSignal.timeout(60_000))) {
    states.push(state);
    first();
  }
  return states;
}

export const behaviour: Behaviour = {
  name: "many watch many requests, on several handles, and each sees its own to the end",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const ids = await Promise.all(Array.from({ length: 100 }, () => enterNew(one)));
    for (const store of [one, two]) {
      for (const id of ids) await known(store, id, { state: "queued" });
    }
    const begun: Promise<void>[] = [];
    const watches = ids.flatMap((id) =>
      [one, two, two].map((store) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        begun.push(promise);
        return statesSeen(store, id, resolve);
      })
    );
    await within(Promise.all(begun), "the records as they are");
    for (const id of ids) {
      await dequeuer.record({ id, service, state: "processing", attempt: 1 });
      await dequeuer.record({ id, service, state: "succeeded", attempt: 1 });
    }
    for (const states of await within(Promise.all(watches), "the ends of the watches")) {
      assert.equal(states[0], "queued");
      assert.equal(states.at(-1), "succeeded");
      assert.ok(states.length <= 3, states.join());
    }
  },
};
