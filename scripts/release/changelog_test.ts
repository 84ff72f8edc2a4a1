import assert from "node:assert/strict";
import { notesOf, releaseChangelog } from "./changelog.ts";

const before = `# Changelog

## [Unreleased]

### Added

- a thing

## [0.1.0] - 2026-01-01

- the first
`;

Deno.test("what was not released stands under the version and its date", () => {
  const after = releaseChangelog(before, "0.2.0", "2026-11-24");
  assert.equal(
    after,
    before.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [0.2.0] - 2026-11-24\n"),
  );
  assert.equal(notesOf(after, "0.2.0"), "### Added\n\n- a thing");
  assert.equal(notesOf(after, "0.1.0"), "- the first");
  assert.equal(notesOf(after, "Unreleased"), "");
});

Deno.test("a release without a word is refused, and one that was there", () => {
  const released = releaseChangelog(before, "0.2.0", "2026-11-24");
  assert.throws(() => releaseChangelog(released, "0.3.0", "2026-11-25"), /nothing stands under/);
  assert.throws(() => releaseChangelog(before, "0.1.0", "2026-11-24"), /has 0\.1\.0 already/);
  assert.throws(() => releaseChangelog("# Changelog\n", "0.1.0", "2026-11-24"), /has no/);
});
