import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, caughtUp, enterNew, known, newRequest, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "what is not in a final state can be cancelled, by any handle, and stays so",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const until = Date.now() + 60_000;
    const [queued, processing, final] = [
      await enterNew(one),
      await enterNew(one),
      await enterNew(one),
    ];
    await dequeuer.record({ id: processing, service, state: "processing", attempt: 2 });
    const response = answer("done");
    await dequeuer.record({ id: final, service, state: "succeeded", attempt: 1, response });
    await known(two, queued, { state: "queued" });
    await known(two, processing, { state: "processing" });
    await known(two, final, { state: "succeeded" });

    assert.equal((await two.cancel(queued, until))?.state, "cancelled");
    const cancelled = await two.cancel(processing, until);
    assert.deepEqual([cancelled?.state, cancelled?.attempt], ["cancelled", 2]);
    assert.equal((await two.cancel(final, until))?.state, "succeeded");
    assert.equal(await two.cancel(newRequest().id, until), undefined);

    await dequeuer.record({ id: processing, service, state: "failed", attempt: 2, response });
    await caughtUp(dequeuer, one);
    for (const store of [one, two]) {
      await known(store, queued, { state: "cancelled" });
      const record = await known(store, processing, { state: "cancelled", attempt: 2 });
      assert.equal(record.status, undefined);
      await known(store, final, { state: "succeeded", status: 200 });
    }
    assert.equal((await one.cancel(queued, until))?.state, "cancelled");
  },
};
