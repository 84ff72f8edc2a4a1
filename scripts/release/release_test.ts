import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version as current } from "../../shared/version.ts";
import { carriers } from "./carriers.ts";
import { release } from "./release.ts";
import { openRepository, type Repository } from "./repository.ts";

const root = join(import.meta.dirname ?? ".", "..", "..");
const date = "2026-11-24";

/** A repository of its own with the files that a release touches. */
async function copy(): Promise<Repository & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "release-"));
  for (const path of Object.keys(carriers)) {
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
  await writeFile(join(folder, "CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n- a thing\n");
  const repository = openRepository(folder);
  const { git } = repository;
  await git("init", "--quiet", "--initial-branch", "main");
  for (const [name, value] of [["name", "Tester"], ["email", "tester@example.com"]] as const) {
    await git("config", `user.${name}`, value);
  }
  await git("config", "commit.gpgsign", "false");
  await git("config", "tag.gpgsign", "false");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "all");
  return { ...repository, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const quietly = (wanted: string) => ({ wanted, date, dryRun: false, say: () => {} });

Deno.test("a release raises the version everywhere, closes the changelog, commits and tags", async () => {
  await using repository = await copy();
  const { folder, git } = repository;
  const said: string[] = [];
  const next = await release(repository, { ...quietly("minor"), say: (line) => said.push(line) });
  assert.equal(await git("status", "--porcelain"), "");
  assert.equal(await git("log", "-1", "--format=%s"), `release: ${next}`);
  assert.equal(await git("cat-file", "-t", `v${next}`), "tag");
  const changed = (await git("diff", "--name-only", "HEAD~1")).split("\n").sort();
  assert.deepEqual(changed, ["CHANGELOG.md", ...Object.keys(carriers)].sort());
  assert.equal(JSON.parse(await readFile(join(folder, "deno.json"), "utf8")).version, next);
  assert.match(
    await readFile(join(folder, "CHANGELOG.md"), "utf8"),
    new RegExp(`## \\[${next}\\] - ${date}`),
  );
  assert.match(said.at(-1) ?? "", new RegExp(`git push --atomic origin main v${next}$`));
});

Deno.test("a dry run changes nothing", async () => {
  await using repository = await copy();
  const before = await repository.git("rev-parse", "HEAD");
  const next = await release(repository, { ...quietly("patch"), dryRun: true });
  assert.notEqual(next, current);
  assert.deepEqual(
    [
      await repository.git("rev-parse", "HEAD"),
      await repository.git("status", "--porcelain"),
      await repository.git("tag"),
    ],
    [before, "", ""],
  );
});

Deno.test("what is in the way is said, and nothing is touched", async () => {
  await using repository = await copy();
  const { folder, git } = repository;
  await writeFile(join(folder, "new.txt"), "");
  await assert.rejects(release(repository, quietly("patch")), /not committed:\n\?\? new\.txt/);
  await rm(join(folder, "new.txt"));
  await git("switch", "--quiet", "--create", "other");
  await assert.rejects(
    release(repository, quietly("patch")),
    /branch is other; releases are made of main/,
  );
  await git("switch", "--quiet", "main");
  await git("tag", "v99.0.0");
  await assert.rejects(release(repository, quietly("99.0.0")), /tag v99\.0\.0 exists/);
  await assert.rejects(release(repository, quietly("0.0.1")), /does not come after/);
  assert.equal(await git("status", "--porcelain"), "");
});
