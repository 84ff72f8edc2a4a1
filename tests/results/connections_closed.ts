import assert from "node:assert/strict";
import { type Behaviour, withoutFault } from "../conformance/behaviour.ts";
import { goesOn } from "./outage.ts";

export const behaviour: Behaviour = {
  name: "after the server closed the connections all is known, and everything goes on by itself",
  exempt: withoutFault("closeConnections"),
  run: (t) =>
    goesOn(t, async (name) => {
      const closed = await t.faults?.closeConnections?.(name) ?? 0;
      assert.ok(closed > 0, "there was no connection of that name");
    }),
};
