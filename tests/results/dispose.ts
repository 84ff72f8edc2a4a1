import assert from "node:assert/strict";
import { BrokerUnavailableError } from "../../shared/broker/errors.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { within } from "../brokers.ts";
import { enterNew, known, newRequest, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a store disposed of ends its iterations and rejects later calls, and the others work on",
  async run(t) {
    const broker = await t.open();
    const store = broker.results({ ttlMs: 3_600_000, lookUps: true });
    await using other = await openStore(t);
    const id = await enterNew(store);
    await known(store, id, { state: "queued" });
    await known(other, id, { state: "queued" });
    const { signal } = new AbortController();
    const watch = store.watch(id, signal)[Symbol.asyncIterator]();
    assert.equal((await within(watch.next(), "the record")).done, false);
    const cancelled = store.cancelled(signal)[Symbol.asyncIterator]();
    assert.equal((await within(cancelled.next(), "the first group")).done, false);

    const pending: Promise<{ done?: boolean }>[] = [watch.next(), cancelled.next()];
    const disposal = store[Symbol.asyncDispose]();
    for (const next of pending) {
      assert.equal((await within(next, "the end of the iteration")).done, true);
    }
    await within(disposal, "the disposal");
    await within(store[Symbol.asyncDispose](), "the second disposal");
    for (
      const late of [
        () => store.enter(newRequest()),
        () => store.confirm(id),
        () => store.withdraw(id),
        () => store.record({ id, service, state: "processing" }),
        () => store.get(id),
        () => store.response(id),
        () => store.cancel(id, Date.now() + 60_000),
        () => store.watch(id, signal)[Symbol.asyncIterator]().next(),
        () => store.cancelled(signal)[Symbol.asyncIterator]().next(),
      ]
    ) {
      await assert.rejects(late, BrokerUnavailableError);
    }
    await known(other, id, { state: "queued" });
    await using again = broker.results({ ttlMs: 3_600_000, lookUps: true });
    await known(again, id, { state: "queued" });
  },
};
