import assert from "node:assert/strict";
import type { RequestState } from "../../shared/results/result_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, known, newClaim, newRequest, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "who comes with a key that is taken gets the record of the request that has it",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    const claim = newClaim();
    const request = newRequest({ claim });
    const { id } = request;
    await one.enter(request);
    await one.confirm(id);
    assert.deepEqual(await one.enter(request), { kind: "new" }, "tried again by who entered it");

    const tries = [claim, { ...claim, fingerprint: "another" }];
    const expect = async (state: RequestState) => {
      for (const store of [one, two]) {
        await known(store, id, { state, confirmed: true });
        for (const claimed of tries) {
          const entered = await store.enter(newRequest({ claim: claimed }));
          assert.equal(entered.kind, "taken");
          const { record } = entered;
          assert.deepEqual([record.id, record.state], [id, state]);
          assert.deepEqual([record.claim, record.confirmed], [claim, true]);
        }
      }
    };
    await expect("queued");
    await one.record({ id, service, state: "processing", attempt: 1 });
    await expect("processing");
    await one.record({ id, service, state: "succeeded", response: answer("done") });
    await expect("succeeded");
    const other = newRequest({ claim: newClaim() });
    assert.equal((await two.enter(other)).kind, "new");
  },
};
