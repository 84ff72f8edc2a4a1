import assert from "node:assert/strict";
import { readSpool } from "../../shared/spool/read_spool.ts";
import { SpoolBrokenError, SpoolSilentError } from "../../shared/spool/spool_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { newWriter, openSpools, piece, readAll, textOf } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "a body that is not whole ends as an error, and never as if it were",
  async run(t) {
    const store = await openSpools(t);
    const { signal } = new AbortController();

    const failed = t.spool();
    const writer = await newWriter(store, failed);
    await writer.write(new TextEncoder().encode("a part"));
    await writer.finish("other side closed");
    const reading = readSpool(store, failed, { signal });
    assert.equal(textOf((await reading.next()).value ?? undefined), "a part");
    await assert.rejects(reading.next(), isBroken(/^other side closed$/));

    const died = t.spool();
    const dead = await newWriter(store, died);
    await dead.write(new TextEncoder().encode("a part"));
    await dead.abandon();
    await assert.rejects(
      readAll(store, died, { silenceMs: 300 }),
      (error) => error instanceof SpoolSilentError && /nothing came for 300 ms/.test(error.message),
    );

    const gap = t.spool();
    await store.create(gap);
    await store.append(gap, [piece(0, 0, "one"), piece(2, 6, "three", { last: true })]);
    await assert.rejects(readAll(store, gap), isBroken(/piece 1 of it is missing/));

    const headless = t.spool();
    await store.create(headless);
    await store.append(headless, [piece(3, 9, "three", { last: true })]);
    await assert.rejects(readAll(store, headless), isBroken(/its beginning is gone/));
  },
};

function isBroken(text: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof SpoolBrokenError && text.test(error.message);
}
