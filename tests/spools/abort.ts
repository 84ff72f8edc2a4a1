import assert from "node:assert/strict";
import { readSpool } from "../../shared/spool/read_spool.ts";
import { within } from "../brokers.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { newWriter, openSpools, readAll, textOf } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "an abort ends the reading at once, and leaving it leaves nothing",
  async run(t) {
    const store = await openSpools(t);
    const id = t.spool();
    const writer = await newWriter(store, id);
    await writer.write(new TextEncoder().encode("text"));

    const stop = new AbortController();
    const reading = readSpool(store, id, { signal: stop.signal });
    await within(reading.next(), "a piece");
    const next = reading.next();
    stop.abort();
    assert.ok((await within(next, "the end", { timeoutMs: 2_000 })).done);

    for await (const _ of readSpool(store, id, { signal: new AbortController().signal })) break;
    await writer.finish();
    assert.equal(textOf(await readAll(store, id)), "text");
    assert.equal((await readAll(store, id, { signal: AbortSignal.abort() })).length, 0);
  },
};
