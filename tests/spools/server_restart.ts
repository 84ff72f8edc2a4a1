import assert from "node:assert/strict";
import { type Behaviour, withoutFault } from "../conformance/behaviour.ts";
import { eventually } from "../brokers.ts";
import { digest, openSpools, patterned, readAll, writeAll } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "what was written is there after a restart of the server",
  exempt: withoutFault("restart"),
  async run(t) {
    const store = await openSpools(t);
    const id = t.spool();
    const body = patterned(2_000_000);
    await writeAll(store, id, body);
    await t.faults?.restart?.();
    const read = await eventually(() => readAll(store, id), { timeoutMs: 40_000 });
    assert.equal(digest(read), digest(body));
  },
};
