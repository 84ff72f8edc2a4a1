import assert from "node:assert/strict";
import { BrokerUnavailableError } from "../../shared/broker/errors.ts";
import { readSpool } from "../../shared/spool/read_spool.ts";
import { within } from "../brokers.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { newWriter, openSpools, piece, writeAll } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "when its handle is disposed of, readers end as errors, and nothing else works",
  async run(t) {
    const broker = await t.open();
    const store = broker.spools();
    // The broker of one process forgets all with its last handle.
    const other = await openSpools(t);
    const id = t.spool();
    await newWriter(store, id);
    await other.append(id, [piece(0, 0, "text")]);
    const reading = readSpool(store, id, { signal: new AbortController().signal });
    await within(reading.next(), "a piece");
    const next = reading.next();
    next.catch(() => {});
    await broker[Symbol.asyncDispose]();
    await assert.rejects(within(next, "the end"), BrokerUnavailableError);
    await assert.rejects(store.create(t.spool()), BrokerUnavailableError);
    await assert.rejects(store.append(id, [piece(1, 4, "more")]), BrokerUnavailableError);
    await assert.rejects(store.look(id, 1_000), BrokerUnavailableError);
    await assert.rejects(store.delete(id), BrokerUnavailableError);
    await writeAll(other, t.spool(), new Uint8Array(1));
  },
};
