import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { openSpools, piece, readAll, textOf } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "pieces that were appended twice come once",
  async run(t) {
    const store = await openSpools(t);
    const id = t.spool();
    await store.create(id);
    const [one, two] = [piece(0, 0, "one "), piece(1, 4, "two ")];
    await store.append(id, [one, two]);
    await store.append(id, [one, two]);
    await store.append(id, [piece(2, 8, ""), piece(3, 8, "three", { last: true })]);
    await store.append(id, [piece(3, 8, "three", { last: true })]);
    assert.equal(textOf(await readAll(store, id)), "one two three");
    assert.equal(textOf(await readAll(store, id, { from: 6 })), "o three");
  },
};
