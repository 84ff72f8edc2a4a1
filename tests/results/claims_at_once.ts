import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { known, newClaim, newRequest, openStore, unknown } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "of twenty requests with one key, entered at once on two handles, exactly one is new",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    const claim = newClaim();
    const requests = Array.from({ length: 20 }, () => newRequest({ claim }));
    const entered = await Promise.all(
      requests.map((request, at) => (at % 2 === 0 ? one : two).enter(request)),
    );
    const fresh = requests.filter((_, at) => entered[at]?.kind === "new");
    assert.equal(fresh.length, 1);
    const { id = "" } = fresh[0] ?? {};
    for (const answer of entered) {
      if (answer.kind === "taken") assert.equal(answer.record.id, id);
    }
    const others = requests.filter((request) => request.id !== id);
    await Promise.all([one, two].flatMap((store) => [
      known(store, id, { state: "queued", claim }),
      ...others.map((request) => unknown(store, request.id)),
    ]));
  },
};
