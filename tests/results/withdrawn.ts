import type { Behaviour } from "../conformance/behaviour.ts";
import { enterNew, known, openStore, unknown } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a request that is withdrawn is unknown everywhere",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    const [id, kept] = [await enterNew(one), await enterNew(one)];
    await known(two, id, { state: "queued" });
    await one.withdraw(id);
    await Promise.all([one, two].map((store) => unknown(store, id)));
    for (const store of [one, two]) await known(store, kept, { state: "queued" });
  },
};
