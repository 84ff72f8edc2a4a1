import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, known, newClaim, newRequest, openStore, service, textOf } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a request is entered, gets its response, and both are read any number of times",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using other = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const before = Date.now();
    const dueAt = before + 5_000;
    const deadline = before + 60_000;
    const claim = newClaim();
    const request = newRequest({ dueAt, deadline, claim });
    const { id } = request;
    assert.deepEqual(await enqueuer.enter(request), { kind: "new" });

    for (const store of [enqueuer, other]) {
      const { createdAt, updatedAt, ...record } = await known(store, id, { state: "queued" });
      const rest = { state: "queued", run: 0, attempt: 0, confirmed: false };
      assert.deepEqual(record, { id, service, dueAt, deadline, claim, ...rest });
      assert.ok(createdAt >= before && createdAt <= Date.now());
      assert.ok(updatedAt >= createdAt && updatedAt <= Date.now());
      assert.equal(await store.response(id), undefined);
    }
    await enqueuer.confirm(id);
    await known(other, id, { confirmed: true });

    await dequeuer.record({ id, service, state: "processing", attempt: 1 });
    for (const store of [enqueuer, other]) {
      await known(store, id, { state: "processing", attempt: 1, dueAt, deadline, claim });
      assert.equal(await store.response(id), undefined);
    }
    const response = answer("done", 201);
    await dequeuer.record({ id, service, state: "succeeded", attempt: 1, response });
    for (const store of [enqueuer, other]) {
      await known(store, id, { state: "succeeded", status: 201, attempt: 1, claim });
      for (let n = 0; n < 3; n++) {
        const { status, headers, body } = await store.response(id) ?? answer("none");
        assert.deepEqual({ status, headers }, { status: 201, headers: response.headers });
        assert.equal(textOf({ ...response, body }), "done");
      }
    }
  },
};
