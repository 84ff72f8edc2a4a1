import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { within } from "../brokers.ts";
import {
  among,
  answer,
  enterNew,
  known,
  newClaim,
  newRequest,
  openStore,
  service,
  textOf,
} from "./stores.ts";

export const behaviour: Behaviour = {
  name: "all is there when every handle was closed and others are opened",
  exempt: ({ capabilities }) => capabilities.durable ? undefined : "declares itself not durable",
  async run(t) {
    const claim = newClaim();
    const request = newRequest({ claim });
    const until = Date.now() + 60_000;
    const ids = { queued: "", cancelled: "" };
    {
      await using broker = await t.open();
      await using store = broker.results({ ttlMs: 3_600_000, lookUps: true });
      ids.queued = await enterNew(store);
      ids.cancelled = await enterNew(store);
      await store.enter(request);
      await store.confirm(request.id);
      await known(store, ids.cancelled, { state: "queued" });
      await store.cancel(ids.cancelled, until);
      const response = answer("done");
      await store.record({ id: request.id, service, state: "succeeded", attempt: 1, response });
    }
    await using store = await openStore(t);
    await known(store, ids.queued, { state: "queued" });
    await known(store, ids.cancelled, { state: "cancelled" });
    await known(store, request.id, { state: "succeeded", status: 200, claim, confirmed: true });
    assert.equal(textOf(await store.response(request.id)), "done");
    const entered = await store.enter(newRequest({ claim }));
    assert.equal(entered.kind === "taken" && entered.record.id, request.id);
    for await (const group of store.cancelled(new AbortController().signal)) {
      assert.deepEqual(among(Object.values(ids), group), [{ id: ids.cancelled, until }]);
      break;
    }
    await within(store[Symbol.asyncDispose](), "the disposal");
  },
};
