import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { newRequest, openStore } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "what is unknown has no record and no response, and cannot be cancelled",
  async run(t) {
    await using store = await openStore(t);
    for (const id of [newRequest().id, "", "no id at all"]) {
      assert.equal(await store.get(id), undefined);
      assert.equal(await store.response(id), undefined);
      assert.equal(await store.cancel(id, Date.now() + 60_000), undefined);
      await store.confirm(id);
      await store.withdraw(id);
      assert.equal(await store.get(id), undefined);
    }
  },
};
