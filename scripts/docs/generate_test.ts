import assert from "node:assert/strict";
import { generated } from "./generate.ts";

for (const [path, text] of Object.entries(generated)) {
  Deno.test(`${path} is current (deno task docs)`, async () => {
    assert.equal(await Deno.readTextFile(new URL(`../../${path}`, import.meta.url)), text);
  });
}
