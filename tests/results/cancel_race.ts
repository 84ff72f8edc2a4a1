import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import {
  answer,
  caughtUp,
  enterNew,
  isFinal,
  known,
  openStore,
  service,
  textOf,
} from "./stores.ts";

export const behaviour: Behaviour = {
  name: "where a cancel meets a response, one of them comes first, and all handles agree on which",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const until = Date.now() + 60_000;
    const ids = await Promise.all(Array.from({ length: 50 }, () => enterNew(one)));
    for (const id of ids) await known(two, id, { state: "queued" });
    const told = await Promise.all(ids.map(async (id, at) => {
      const record = () =>
        dequeuer.record({ id, service, state: "succeeded", response: answer(id) });
      const recorded = at % 2 === 0 ? record() : undefined;
      const [first, second] = await Promise.all([
        one.cancel(id, until),
        two.cancel(id, until),
        recorded ?? record(),
      ]);
      return [first, second];
    }));
    for (const store of [one, two]) await caughtUp(dequeuer, store);
    for (const [at, id] of ids.entries()) {
      const record = await one.get(id);
      assert.ok(record && isFinal(record), record?.state);
      assert.deepEqual(await two.get(id), record);
      for (const before of told[at] ?? []) assert.equal(before?.state, record.state);
      for (const store of [one, two]) {
        const text = textOf(await store.response(id));
        assert.equal(text, record.state === "succeeded" ? id : undefined);
      }
    }
  },
};
