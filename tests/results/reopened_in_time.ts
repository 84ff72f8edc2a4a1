import type { Behaviour } from "../conformance/behaviour.ts";
import { enterNew, known, openStore, service, unknown } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a request that a higher run reopened does not expire",
  async run(t) {
    const ttlMs = 1_500;
    await using one = await openStore(t, { ttlMs });
    await using two = await openStore(t, { ttlMs });
    const [id, final] = [await enterNew(one), await enterNew(one)];
    await one.record({ id, service, state: "dead", reason: "attempts" });
    await known(two, id, { state: "dead" });
    await one.record({ id, service, state: "processing", run: 1, attempt: 1 });
    await one.record({ id: final, service, state: "dead", reason: "attempts" });
    await Promise.all([one, two].map((store) => unknown(store, final)));
    for (const store of [one, two]) await known(store, id, { state: "processing", run: 1 });
  },
};
