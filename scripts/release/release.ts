import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { carriers, withVersion } from "./carriers.ts";
import { releaseChangelog } from "./changelog.ts";
import { checkRepository, type Repository } from "./repository.ts";
import { nextVersion } from "./version.ts";

/** What is to be released. */
export interface ReleaseOptions {
  /** A step, or a version. */
  readonly wanted: string;
  /** As 2026-11-24. */
  readonly date: string;
  /** Only says what it would do. */
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
}

/**
 * Raises the version, closes the changelog, commits and tags. Everything is checked before anything is
 * written, and nothing is pushed.
 *
 * @returns the version.
 * @throws {Error} saying what is in the way.
 */
export async function release(
  repository: Repository,
  { wanted, date, dryRun, say }: ReleaseOptions,
): Promise<string> {
  const { folder, git } = repository;
  const read = (path: string) => readFile(join(folder, path), "utf8");
  const { version: current } = JSON.parse(await read("deno.json"));
  const version = nextVersion(current, wanted);
  const tag = `v${version}`;
  await checkRepository(repository, tag);
  const texts = new Map<string, string>();
  texts.set("CHANGELOG.md", releaseChangelog(await read("CHANGELOG.md"), version, date));
  for (const path of Object.keys(carriers)) {
    texts.set(path, withVersion(path, await read(path), current, version));
  }
  say(`${current} -> ${version}, in ${[...texts.keys()].join(", ")}`);
  if (dryRun) {
    say(`a dry run: nothing is written, and there is no tag ${tag}`);
    return version;
  }
  for (const [path, text] of texts) await writeFile(join(folder, path), text);
  await git("commit", "--quiet", "--all", "--message", `release: ${version}`);
  await git("tag", "--annotate", tag, "--message", `ProxyMQ ${version}`);
  say(`committed, and tagged ${tag}. To publish it: git push --atomic origin main ${tag}`);
  return version;
}
