import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, known, newRequest, openStore, service, textOf } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a change of a request that nobody has entered enters it",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const before = Date.now();
    const [{ id }, { id: final }] = [newRequest(), newRequest()];
    await dequeuer.record({ id, service, state: "processing", attempt: 2 });
    await dequeuer.record({ id: final, service, state: "failed", response: answer("no", 404) });
    const { createdAt } = await known(enqueuer, id, { service, state: "processing", attempt: 2 });
    assert.ok(createdAt >= before && createdAt <= Date.now());
    await known(enqueuer, final, { state: "failed", status: 404 });
    assert.equal(textOf(await enqueuer.response(final)), "no");
  },
};
