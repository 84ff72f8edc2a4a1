import assert from "node:assert/strict";
import { nextVersion } from "./version.ts";

for (
  const [current, wanted, next] of [
    ["0.1.0", "patch", "0.1.1"],
    ["0.1.9", "minor", "0.2.0"],
    ["0.9.3", "major", "1.0.0"],
    ["0.1.0", "0.1.10", "0.1.10"],
    ["1.9.0", "1.10.0", "1.10.0"],
  ] as const
) {
  Deno.test(`${current}, ${wanted}: ${next}`, () =>
    assert.equal(nextVersion(current, wanted), next));
}

for (
  const [current, wanted, complaint] of [
    ["1.2.3", "1.2.3", /does not come after/],
    ["1.10.0", "1.9.9", /does not come after/],
    ["1.2.3", "v1.2.4", /"v1\.2\.4" is not allowed: patch, minor, major/],
    ["1.2.3", "1.2", /is not allowed/],
    ["1.2.3-rc.1", "patch", /none of the form/],
  ] as const
) {
  Deno.test(`${current}, ${wanted}: refused`, () => {
    assert.throws(() => nextVersion(current, wanted), complaint);
  });
}
