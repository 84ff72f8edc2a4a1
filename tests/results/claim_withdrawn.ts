import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { caughtUp, known, newClaim, newRequest, openStore } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "the key of a request that was withdrawn is free",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    const claim = newClaim();
    const [first, second] = [newRequest({ claim }), newRequest({ claim })];
    await one.enter(first);
    await one.withdraw(first.id);
    await caughtUp(one, two);
    assert.deepEqual(await two.enter(second), { kind: "new" });
    await known(one, second.id, { claim });
    // A second time, by an enqueuer that had no answer to the first.
    await one.withdraw(first.id);
    await caughtUp(one, two);
    const third = await two.enter(newRequest({ claim }));
    assert.equal(third.kind === "taken" && third.record.id, second.id);
  },
};
