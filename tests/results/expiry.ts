import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { eventually } from "../brokers.ts";
import {
  answer,
  enterNew,
  known,
  newClaim,
  newRequest,
  openStore,
  service,
  textOf,
  unknown,
} from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a request is known for its time after the final state, and then unknown, its key free",
  async run(t) {
    const ttlMs = 3_000;
    await using one = await openStore(t, { ttlMs });
    await using two = await openStore(t, { ttlMs });
    const claim = newClaim();
    const request = newRequest({ claim });
    const { id } = request;
    const [queued, processing] = [await enterNew(one), await enterNew(one)];
    await one.enter(request);
    await one.confirm(id);
    await one.record({ id: processing, service, state: "processing", attempt: 1 });
    const response = answer("done");
    await one.record({ id, service, state: "succeeded", attempt: 1, response });
    const recorded = performance.now();
    for (const store of [one, two]) {
      await known(store, id, { state: "succeeded" });
      assert.equal(textOf(await store.response(id)), "done");
    }

    await Promise.all([one, two].map((store) => unknown(store, id)));
    const took = performance.now() - recorded;
    assert.ok(took >= ttlMs - 100 && took < ttlMs + 5_000, `${took} ms`);
    assert.equal(await two.cancel(id, Date.now() + 60_000), undefined);
    await eventually(async () => (await two.enter(newRequest({ claim }))).kind === "new");
    for (const store of [one, two]) {
      await known(store, queued, { state: "queued" });
      await known(store, processing, { state: "processing" });
    }
  },
};
