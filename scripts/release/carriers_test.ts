import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../shared/version.ts";
import { carriers, withVersion } from "./carriers.ts";

const root = join(import.meta.dirname ?? ".", "..", "..");

for (const path of Object.keys(carriers)) {
  Deno.test(`${path} carries the version, and another in its place`, () => {
    const before = readFileSync(join(root, path), "utf8");
    const after = withVersion(path, before, version, "99.98.97");
    assert.notEqual(after, before);
    assert.equal(withVersion(path, after, "99.98.97", version), before);
    assert.throws(() => withVersion(path, after, version, "1.0.0"), /does not have the version/);
  });
}
