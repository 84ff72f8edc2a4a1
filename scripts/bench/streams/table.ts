import { type Column, markdown } from "../markdown.ts";
import type { Measured } from "./streams.ts";

const mib = 2 ** 20;

const columns: readonly Column<Measured>[] = [
  { name: "way", of: ({ way }) => way },
  { name: "request to first event, p50", of: ({ firstMs }) => ms(quantile(firstMs, 0.5)) },
  { name: "p90", of: ({ firstMs }) => ms(quantile(firstMs, 0.9)) },
  { name: "event sent to arrival, p50", of: ({ lagsMs }) => ms(quantile(lagsMs, 0.5)) },
  { name: "p99", of: ({ lagsMs }) => ms(quantile(lagsMs, 0.99)) },
  { name: "64 MiB, MiB/s", of: ({ rates }) => (quantile(rates, 0.5) / mib).toFixed(0) },
];

const largeColumns: readonly Column<Measured>[] = [
  { name: "way", of: ({ way }) => way },
  { name: "size, MiB", of: ({ large }) => ((large?.bytes ?? NaN) / mib).toFixed(0) },
  { name: "MiB/s, hashed", of: ({ large }) => ((large?.rate ?? NaN) / mib).toFixed(0) },
  { name: "hash", of: ({ large }) => large?.right ? "right" : "WRONG" },
  { name: "enqueuer, MiB before and most", of: (measured) => memory(measured, 0) },
  { name: "dequeuer, MiB before and most", of: (measured) => memory(measured, 1) },
];

/** The measurements as Markdown tables. */
export function tables(measured: readonly Measured[]): string {
  return `${markdown(columns, measured)}\n\n${markdown(largeColumns, measured)}`;
}

/** The value that a part of them do not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

function memory({ large }: Measured, of: 0 | 1): string {
  const [before, most] = [large?.before[of], large?.most[of]];
  if (before === undefined || most === undefined) return "";
  return `${(before / mib).toFixed(0)}, ${(most / mib).toFixed(0)}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
