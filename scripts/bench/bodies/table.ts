import { type Column, markdown } from "../markdown.ts";
import { median } from "../median.ts";
import type { BodyWay, Moved } from "./bodies.ts";

interface Row {
  readonly bytes: number;
  /** Bytes a second, there and back. */
  readonly rate: (way: BodyWay) => number;
}

const columns: readonly Column<Row>[] = [
  { name: "body", of: ({ bytes }) => size(bytes) },
  { name: "a plain Hono hop", of: ({ rate }) => mebibytes(rate("hono")) },
  { name: "bare call and reply", of: ({ rate }) => mebibytes(rate("bare")) },
  { name: "ProxyMQ (quorum)", of: ({ rate }) => mebibytes(rate("quorum")) },
  { name: "of bare", of: ({ rate }) => (rate("quorum") / rate("bare")).toFixed(2) },
  { name: "of the hop", of: ({ rate }) => (rate("quorum") / rate("hono")).toFixed(2) },
  { name: "ProxyMQ (classic)", of: ({ rate }) => mebibytes(rate("classic")) },
  { name: "of bare", of: ({ rate }) => (rate("classic") / rate("bare")).toFixed(2) },
];

/** The medians of the rounds as a Markdown table. */
export function bodiesTable(moved: readonly Moved[]): string {
  const sizes = [...new Set(moved.map(({ bytes }) => bytes))];
  const rows = sizes.map((bytes): Row => ({
    bytes,
    rate: (way) =>
      median(
        moved.filter((one) => one.way === way && one.bytes === bytes)
          .map(({ count, seconds }) => count * bytes / seconds),
      ),
  }));
  return markdown(columns, rows);
}

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`;
}

function mebibytes(rate: number): string {
  return `${(rate / 2 ** 20).toFixed(1)} MiB/s`;
}
