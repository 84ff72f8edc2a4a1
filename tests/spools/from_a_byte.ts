import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { digest, openSpools, patterned, readAll, writeAll } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "it is read from any byte on",
  async run(t) {
    const store = await openSpools(t);
    const id = t.spool();
    const body = patterned(8 * 2 ** 20 + 5);
    await writeAll(store, id, body, 60_000);
    const places = [1, 131_071, 131_072, 3_000_000, body.length - 1, body.length, body.length + 9];
    for (const from of places) {
      const rest = await readAll(store, id, { from });
      assert.equal(digest(rest), digest(body.subarray(from)), `from ${from}`);
    }
  },
};
