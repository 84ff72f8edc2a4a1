import assert from "node:assert/strict";
import { abandonedAfterMs, type IdempotencyClaim } from "../../shared/results/result_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { clockAhead } from "../support/clock.ts";
import { known, newClaim, newRequest, openStore, service } from "./stores.ts";

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
    const claims = [newClaim(), newClaim(), newClaim()] as const;
    const [abandoned, confirmed, processed] = claims.map((claim) => newRequest({ claim }));
    assert.ok(abandoned && confirmed && processed);
    for (const request of [abandoned, confirmed, processed]) {
      assert.deepEqual(await one.enter(request), { kind: "new" });
    }
    await one.confirm(confirmed.id);
    // Its enqueuer is gone before it could confirm it, but it is in its queue.
    await one.record({ id: processed.id, service, state: "processing", attempt: 1 });
    await known(two, confirmed.id, { confirmed: true });
    await known(two, processed.id, { state: "processing", confirmed: true });
    assert.equal((await enter(claims[0])).entered.kind, "taken");

    using _ = clockAhead(abandonedAfterMs + 1_000);
    const { id, entered } = await enter(claims[0]);
    assert.equal(entered.kind, "new");
    await two.confirm(id);
    for (const [at, { id }] of [confirmed, processed].entries()) {
      const { entered } = await enter(claims[at + 1] ?? newClaim());
      assert.equal(entered.kind === "taken" && entered.record.id, id);
    }
    // It was only slow: the key is the second's all the same.
    await one.confirm(abandoned.id);
    await known(one, id, { state: "queued" });
    await known(two, abandoned.id, { confirmed: true });
    const again = (await enter(claims[0])).entered;
    assert.equal(again.kind === "taken" && again.record.id, id);
  },
};
