const heading = "## [Unreleased]";

/**
 * Puts what stands under Unreleased under a version, and leaves Unreleased empty.
 * @param date of the release, as 2026-11-24.
 * @throws {Error} there is nothing to release.
 */
export function releaseChangelog(text: string, version: string, date: string): string {
  const at = text.indexOf(`${heading}\n`);
  if (at < 0) throw new Error(`the changelog has no "${heading}"`);
  if (text.includes(`## [${version}]`)) throw new Error(`the changelog has ${version} already`);
  if (notesOf(text, "Unreleased") === "") {
    throw new Error(`nothing stands under "${heading}" in the changelog`);
  }
  const rest = text.slice(at + heading.length);
  return `${text.slice(0, at)}${heading}\n\n## [${version}] - ${date}${rest}`;
}

/** What the changelog says of a version, without its heading; empty if it says nothing. */
export function notesOf(text: string, version: string): string {
  const sections = text.split(/^(?=## \[)/m);
  const found = sections.find((section) => section.startsWith(`## [${version}]`)) ?? "";
  return found.replace(/^.*\n?/, "").trim();
}
