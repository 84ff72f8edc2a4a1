import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, caughtUp, enterNew, known, openStore, service, textOf } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "after a final state a late processing and a second final have no effect",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const id = await enterNew(enqueuer);
    const first = answer("the first");
    await dequeuer.record({ id, service, state: "succeeded", attempt: 1, response: first });
    const record = await known(enqueuer, id, { state: "succeeded" });

    await dequeuer.record({ id, service, state: "processing", attempt: 2 });
    const second = answer("the second", 500);
    await dequeuer.record({ id, service, state: "failed", attempt: 2, response: second });
    await dequeuer.record({ id, service, state: "dead", attempt: 2, reason: "attempts" });
    await caughtUp(dequeuer, enqueuer);
    assert.deepEqual(await enqueuer.get(id), record);
    assert.equal(textOf(await enqueuer.response(id)), "the first");
  },
};
