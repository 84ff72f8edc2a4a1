import assert from "node:assert/strict";
import type { ResultStore } from "../../shared/results/result_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { within } from "../brokers.ts";
import { enterNew, known, newRequest, openStore } from "./stores.ts";

function watchOf(store: ResultStore, id: string, signal: AbortSignal) {
  return store.watch(id, signal)[Symbol.asyncIterator]();
}

export const behaviour: Behaviour = {
  name: "a watch ends at what is unknown, at what is withdrawn, and when its signal aborts",
  async run(t) {
    await using store = await openStore(t);
    const end = new AbortController();
    const unknown = watchOf(store, newRequest().id, end.signal);
    assert.equal((await within(unknown.next(), "the end of the watch")).done, true);

    const [id, withdrawn] = [await enterNew(store), await enterNew(store)];
    for (const one of [id, withdrawn]) await known(store, one, { state: "queued" });
    const watches = [watchOf(store, withdrawn, end.signal), watchOf(store, id, end.signal)];
    for (const watch of watches) {
      assert.equal((await within(watch.next(), "the record")).value?.state, "queued");
    }
    const [gone, aborted] = watches.map((watch) => within(watch.next(), "the end of the watch"));
    await store.withdraw(withdrawn);
    assert.equal((await gone)?.done, true);
    end.abort();
    assert.equal((await aborted)?.done, true);

    const late = watchOf(store, id, end.signal);
    assert.equal((await within(late.next(), "the end of the watch")).done, true);
    for await (const { state } of store.watch(id, new AbortController().signal)) {
      assert.equal(state, "queued");
      break;
    }
  },
};
