import assert from "node:assert/strict";
import { eventually } from "../brokers.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { openSpools, piece, writeAll } from "./bodies.ts";

const silenceMs = 1_500;

export const behaviour: Behaviour = {
  name: "it is told whether one has ended, still grows, or has lost its writer",
  async run(t) {
    const [one, two] = [await openSpools(t), await openSpools(t)];
    assert.equal(await one.look(t.spool(), silenceMs), undefined);

    const ended = t.spool();
    await writeAll(one, ended, new Uint8Array(300_000));
    assert.equal(await two.look(ended, silenceMs), "ended");

    const [growing, left, empty] = [t.spool(), t.spool(), t.spool()];
    for (const id of [growing, left, empty]) await one.create(id);
    await one.append(left, [piece(0, 0, "text")]);
    let seq = 0;
    let appended = Promise.resolve();
    const speaking = setInterval(() => appended = one.append(growing, [piece(seq++, 0, "")]), 200);
    try {
      const states = await eventually(async () => {
        const ids = [growing, left, empty];
        const looks = await Promise.all(ids.map((id) => two.look(id, silenceMs)));
        return looks[1] === "silent" && looks;
      });
      assert.deepEqual(states, ["growing", "silent", "silent"]);
    } finally {
      clearInterval(speaking);
    }
    await appended;
    await one.append(growing, [piece(seq, 0, "", { last: true })]);
    assert.equal(await two.look(growing, silenceMs), "ended");
  },
};
