import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { openSpools, readAll, textOf, writeAll } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "making one that is there already leaves it as it is",
  async run(t) {
    const [one, two] = [await openSpools(t), await openSpools(t)];
    const id = t.spool();
    await Promise.all([one.create(id), two.create(id)]);
    await writeAll(one, id, new TextEncoder().encode("kept"));
    await two.create(id);
    assert.equal(textOf(await readAll(two, id)), "kept");
  },
};
