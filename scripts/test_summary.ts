import { stripVTControlCharacters } from "node:util";

/** How many tests did what. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Reads the closing line of `deno test`, or undefined where there is none. */
export function parseSummary(output: string): Summary | undefined {
  const line = stripVTControlCharacters(output).split("\n")
    .findLast((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
  if (line === undefined) return undefined;
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
}
