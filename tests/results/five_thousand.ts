import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, caughtUp, newRequest, openStore, service, textOf } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "five thousand requests at once, each with its own response, on every handle",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const requests = Array.from({ length: 5_000 }, () => newRequest());
    await Promise.all(
      requests.map((request, at) => (at % 2 === 0 ? one : two).enter(request)),
    );
    await Promise.all(requests.map(async ({ id }) => {
      await dequeuer.record({ id, service, state: "processing", attempt: 1 });
      const response = answer(id);
      await dequeuer.record({ id, service, state: "succeeded", attempt: 1, response });
    }));
    for (const store of [one, two]) {
      await caughtUp(dequeuer, store);
      let at = 0;
      const read = async () => {
        while (at < requests.length) {
          const { id = "" } = requests[at++] ?? {};
          assert.equal((await store.get(id))?.state, "succeeded");
          assert.equal(textOf(await store.response(id)), id);
        }
      };
      await Promise.all(Array.from({ length: 64 }, read));
    }
  },
};
