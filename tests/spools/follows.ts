import assert from "node:assert/strict";
import { readSpool } from "../../shared/spool/read_spool.ts";
import { within } from "../brokers.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { newWriter, openSpools, textOf } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "a reader follows a writer on another handle, and gets what comes within a second",
  async run(t) {
    const [one, two] = [await openSpools(t), await openSpools(t)];
    const id = t.spool();
    const writer = await newWriter(one, id);
    const { signal } = new AbortController();
    const readers = [
      { from: 0, pieces: readSpool(two, id, { signal }) },
      { from: 3, pieces: readSpool(two, id, { from: 3, signal }) },
      { from: 0, pieces: readSpool(one, id, { signal }) },
    ];
    const late: number[] = [];
    for (let n = 0; n < 6; n++) {
      const text = `piece ${n}`;
      await writer.write(new TextEncoder().encode(text));
      const start = performance.now();
      for (const { from, pieces } of readers) {
        const { value } = await within(pieces.next(), `piece ${n}`);
        assert.equal(textOf(value ?? undefined), n === 0 ? text.slice(from) : text);
      }
      late.push(performance.now() - start);
    }
    await writer.finish();
    for (const { pieces } of readers) {
      assert.ok((await within(pieces.next(), "the end")).done);
    }
    // One of them may have met a machine that was busy with something else.
    assert.ok(late.filter((ms) => ms > 1_000).length <= 1, `${late.map(Math.round)} ms`);
  },
};
