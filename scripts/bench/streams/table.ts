import { type Column, markdown } from "../markdown.ts";
import type { Large, Measured } from "./streams.ts";

const mib = 2 ** 20;

const columns: readonly Column<Measured>[] = [
  { name: "way", of: ({ way }) => way },
  { name: "request to first event, p50", of: ({ firstMs }) => ms(quantile(firstMs, 0.5)) },
  { name: "p90", of: ({ firstMs }) => ms(quantile(firstMs, 0.9)) },
  { name: "event sent to arrival, p50", of: ({ lagsMs }) => ms(quantile(lagsMs, 0.5)) },
  { name: "p99", of: ({ lagsMs }) => ms(quantile(lagsMs, 0.99)) },
  { name: "64 MiB, MiB/s", of: ({ rates }) => (quantile(rates, 0.5) / mib).toFixed(0) },
];

/** A very large body, and the way that it went. */
type Body = Large & Pick<Measured, "way">;

const largeColumns: readonly Column<Body>[] = [
  { name: "way", of: ({ way }) => way },
  { name: "body", of: ({ what }) => what },
  { name: "size, MiB", of: ({ bytes }) => (bytes / mib).toFixed(0) },
  { name: "MiB/s, hashed", of: ({ rate }) => (rate / mib).toFixed(0) },
  { name: "hash", of: ({ right }) => right ? "right" : "WRONG" },
  { name: "enqueuer, MiB before and most", of: (body) => memory(body, 0) },
  { name: "dequeuer, MiB before and most", of: (body) => memory(body, 1) },
];

/** The measurements as Markdown tables. */
export function tables(measured: readonly Measured[]): string {
  const bodies = measured.flatMap(({ way, large }) => large.map((one) => ({ ...one, way })));
  return `${markdown(columns, measured)}\n\n${markdown(largeColumns, bodies)}`;
}

/** The value that a part of them do not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

function memory(body: Body, of: 0 | 1): string {
  const [before, most] = [body.before[of], body.most[of]];
  if (before === undefined || most === undefined) return "";
  return `${(before / mib).toFixed(0)}, ${(most / mib).toFixed(0)}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
