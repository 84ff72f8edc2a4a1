import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { among, known, newRequest, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a store without look-ups records and hears of cancels, and refuses the rest",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const request = newRequest();
    const { id } = request;
    await dequeuer.record({ id, service, state: "processing" });
    await known(enqueuer, id, { state: "processing" });
    const { signal } = new AbortController();
    for await (const group of dequeuer.cancelled(signal)) {
      assert.deepEqual(among([id], group), []);
      break;
    }
    const watch = dequeuer.watch(id, signal)[Symbol.asyncIterator]();
    for (
      const refused of [
        () => dequeuer.enter(request),
        () => dequeuer.confirm(id),
        () => dequeuer.withdraw(id),
        () => dequeuer.get(id),
        () => dequeuer.response(id),
        () => dequeuer.delayed(),
        () => dequeuer.cancel(id, Date.now() + 60_000),
        () => watch.next(),
      ]
    ) {
      await assert.rejects(refused, /lookUps/);
    }
    await known(enqueuer, id, { state: "processing" });
  },
};
