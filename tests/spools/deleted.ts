import assert from "node:assert/strict";
import { SpoolNotFoundError } from "../../shared/broker/errors.ts";
import { readSpool } from "../../shared/spool/read_spool.ts";
import { within } from "../brokers.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { newWriter, openSpools, patterned, readAll, textOf, writeAll } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "what is deleted is gone for readers and writers, and its id is free",
  async run(t) {
    const [one, two] = [await openSpools(t), await openSpools(t)];
    const id = t.spool();
    await assert.rejects(readAll(one, id), SpoolNotFoundError);
    await assert.rejects(one.append(id, [{ ...last, seq: 0 }]), SpoolNotFoundError);
    await one.delete(id);

    const writer = await newWriter(one, id);
    await writer.write(new TextEncoder().encode("begun"));
    const reading = readSpool(two, id, { signal: new AbortController().signal });
    assert.equal(textOf((await within(reading.next(), "a piece")).value ?? undefined), "begun");
    await Promise.all([two.delete(id), one.delete(id)]);
    await assert.rejects(within(reading.next(), "the end"), SpoolNotFoundError);
    await assert.rejects(writer.finish(), SpoolNotFoundError);
    assert.equal(await one.look(id, 1_000), undefined);

    await writeAll(one, id, patterned(7_000_000));
    await one.delete(id);
    await writeAll(two, id, new TextEncoder().encode("another"));
    assert.equal(textOf(await readAll(one, id)), "another");
  },
};

const last = { at: 0, body: new Uint8Array(0), last: true };
