import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, caughtUp, enterNew, known, openStore, service, textOf } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a higher run reopens a request, and what comes late of a lower one has no effect",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const id = await enterNew(enqueuer);
    const bad = answer("out of order", 500);
    const dead = { id, service, state: "dead", attempt: 3, reason: "status-500" } as const;
    await dequeuer.record({ ...dead, response: bad });
    await known(enqueuer, id, { state: "dead", run: 0, attempt: 3, status: 500 });

    await dequeuer.record({ id, service, state: "processing", run: 1, attempt: 1 });
    const reopened = await known(enqueuer, id, { state: "processing", run: 1, attempt: 1 });
    assert.equal(reopened.status, undefined);
    assert.equal(reopened.reason, undefined);
    assert.equal(await enqueuer.response(id), undefined);

    await dequeuer.record({ ...dead, response: bad });
    await caughtUp(dequeuer, enqueuer);
    assert.deepEqual(await enqueuer.get(id), reopened);

    const response = answer("mended");
    await dequeuer.record({ id, service, state: "succeeded", run: 1, attempt: 1, response });
    await known(enqueuer, id, { state: "succeeded", run: 1, status: 200 });
    assert.equal(textOf(await enqueuer.response(id)), "mended");
  },
};
