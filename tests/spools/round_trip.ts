import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { digest, openSpools, patterned, readAll, writeAll } from "./bodies.ts";

export const behaviour: Behaviour = {
  name: "a body comes back byte for byte, as often as it is read, on any handle",
  async run(t) {
    const [one, two] = [await openSpools(t), await openSpools(t)];
    const sizes: [number, number][] = [[0, 1], [1, 1], [131_072, 65_536], [5_000_000, 99_999]];
    for (const [size, chunkBytes] of sizes) {
      const id = t.spool();
      const body = patterned(size);
      await writeAll(one, id, body, chunkBytes);
      const read = await Promise.all([readAll(two, id), readAll(two, id), readAll(one, id)]);
      for (const bytes of read) assert.equal(digest(bytes), digest(body), `${size} bytes`);
    }
  },
};
