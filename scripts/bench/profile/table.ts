import { type Column, markdown } from "../markdown.ts";
import type { OwnTime } from "./own_time.ts";
import type { Profiled } from "./profile.ts";

/** How many functions are shown. */
const shown = 25;

const columns: readonly Column<OwnTime>[] = [
  { name: "of the time", of: ({ share }) => `${(100 * share).toFixed(1)}%` },
  { name: "in", of: ({ name }) => name },
  { name: "of", of: ({ where }) => where },
];

/** The functions that took the most, as Markdown. */
export function profileTables(profiled: readonly Profiled[]): string {
  return profiled.map(({ service, connections, idle, functions }) =>
    `${service}, ${connections} at once, idle for ${(100 * idle).toFixed(0)}%; of the rest:\n\n` +
    markdown(columns, functions.slice(0, shown))
  ).join("\n\n");
}
