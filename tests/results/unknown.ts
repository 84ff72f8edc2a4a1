import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { newRequest, openStore } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "what is unknown has no record and no response, and cannot be cancelled",
  async run(t) {
    await using store = await openStore(t);
    for (const id of [newRequest().id, "", "no id at all"]) {
      const cancel = store.cancel(id, Date.now() + 60_000);
      const found = await Promise.all([store.get(id), store.response(id), cancel]);
      assert.deepEqual(found, [undefined, undefined, undefined]);
      await store.confirm(id);
      await store.withdraw(id);
      assert.equal(await store.get(id), undefined);
    }
  },
};
