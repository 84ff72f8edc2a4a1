import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readSpool } from "../../shared/spool/read_spool.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { digest, openSpools, patterned, writeAll } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "a reader that takes its time holds back nobody, and misses nothing",
  async run(t) {
    const [one, two] = [await openSpools(t), await openSpools(t)];
    const id = t.spool();
    const body = patterned(24 * 2 ** 20);
    await one.create(id);
    const slow = readSpool(two, id, { signal: new AbortController().signal });
    const first = slow.next();
    await writeAll(one, id, body);
    const hash = createHash("sha256").update((await first).value ?? "");
    const before = Deno.memoryUsage();
    const kept = (await slow.next()).value ?? new Uint8Array(0);
    const { external, heapUsed } = Deno.memoryUsage();
    const grown = external + heapUsed - before.external - before.heapUsed;
    assert.ok(t.url.startsWith("memory:") || grown < 12 * 2 ** 20, `${grown} bytes more`);
    hash.update(kept);
    for await (const bytes of slow) hash.update(bytes);
    assert.equal(hash.digest("hex"), digest(body));
  },
};
