import assert from "node:assert/strict";
import { abandonedAfterMs, type IdempotencyClaim } from "../../shared/results/result_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { clockAhead } from "../support/clock.ts";
import { caughtUp, known, newClaim, newRequest, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "the key of a request that nobody confirmed is free after a while, of others it is not",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    // All ids are made by the clock as it is: those of one process never go back.
    const spare = Array.from({ length: 6 }, () => newRequest());
    const enter = async (claim: IdempotencyClaim) => {
      const request = { ...spare.pop() ?? newRequest(), claim };
      return { id: request.id, entered: await two.enter(request) };
    };
    const claim = newClaim("abandoned");
    const abandoned = newRequest({ claim });
    const held = ["confirmed", "processed"].map((name) => newRequest({ claim: newClaim(name) }));
    const [confirmed, processed] = held;
    assert.ok(confirmed && processed);
    for (const request of [abandoned, confirmed, processed]) {
      assert.deepEqual(await one.enter(request), { kind: "new" });
    }
    await one.confirm(confirmed.id);
    // Its enqueuer is gone before it could confirm it, but it is in its queue.
    await one.record({ id: processed.id, service, state: "processing", attempt: 1 });
    await caughtUp(one, two);
    assert.equal((await enter(claim)).entered.kind, "taken");

    using _ = clockAhead(abandonedAfterMs + 1_000);
    const { id, entered } = await enter(claim);
    assert.equal(entered.kind, "new");
    await two.confirm(id);
    for (const { claim: theirs, id } of held) {
      const { entered } = await enter(theirs ?? claim);
      assert.equal(entered.kind === "taken" && entered.record.id, id);
    }
    // It was only slow: the key is the second's all the same.
    await one.confirm(abandoned.id);
    await known(one, id, { state: "queued" });
    await caughtUp(one, two);
    const again = (await enter(claim)).entered;
    assert.equal(again.kind === "taken" && again.record.id, id);
  },
};
