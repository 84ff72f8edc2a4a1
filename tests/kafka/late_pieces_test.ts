import assert from "node:assert/strict";
import type { Piece } from "../../shared/spool/spool_store.ts";
import { openSpools, piece, readAll, textOf } from "../spools/bodies.ts";
import { kafkaTest } from "./server.ts";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";

kafkaTest(
  "pieces of an append that failed and comes late all the same break nothing",
  async (t) => {
    const store = await openSpools(t);
    const id = t.spool();
    await store.create(id);
    const pieces = [...letters].map((letter, seq): Piece =>
      piece(seq, seq, letter, { last: seq === letters.length - 1 })
    );
    const late = pieces.slice(0, 3);
    // Where who looks for a byte looks first.
    await store.append(id, pieces.slice(0, 23));
    await store.append(id, late);
    await store.append(id, pieces.slice(23));
    for (const again of [late, pieces.slice(-4, -1)]) await store.append(id, again);
    for (let from = 0; from < letters.length; from++) {
      assert.equal(textOf(await readAll(store, id, { from })), letters.slice(from), `from ${from}`);
    }
    assert.equal(await store.look(id, 200), "ended");
  },
);
