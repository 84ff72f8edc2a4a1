import type { Seen } from "../compare/load.ts";
import { type Column, markdown } from "../markdown.ts";
import type { Look } from "./memory.ts";

const columns: readonly Column<Look>[] = [
  { name: "after", of: ({ seconds }) => `${seconds} s` },
  { name: "enqueuer", of: ({ enqueuer }) => mebibytes(enqueuer) },
  { name: "dequeuer", of: ({ dequeuer }) => mebibytes(dequeuer) },
];

/** The looks as a Markdown table, and what was carried meanwhile. */
export function memoryTable({ looks, seen }: { looks: readonly Look[]; seen: Seen }): string {
  const { count, seconds, p50, p99 } = seen;
  return `${markdown(columns, looks)}\n\n${count} requests, ${(count / seconds).toFixed(0)} a ` +
    `second, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
