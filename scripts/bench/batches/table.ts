import { type Column, markdown } from "../markdown.ts";
import type { Measured } from "./measure.ts";

const columns: readonly Column<Row>[] = [
  { name: "broker", of: ({ broker }) => broker },
  { name: "callers", of: ({ measured }) => String(measured.setting.connections) },
  { name: "requests in a call", of: ({ measured }) => measured.setting.name },
  { name: "requests a second", of: ({ measured }) => measured.rate.toFixed(0) },
  { name: "of the ideal", of: ({ measured }) => `${(100 * measured.ofIdeal).toFixed(0)}%` },
  { name: "p50", of: ({ measured }) => ms(measured.p50) },
  { name: "p99", of: ({ measured }) => ms(measured.p99) },
  {
    name: "in a batch, on average",
    of: ({ measured: { batchSize } }) => Number.isNaN(batchSize) ? "" : batchSize.toFixed(1),
  },
  { name: "found", of: ({ measured }) => found(measured) },
  { name: "not 200", of: ({ measured }) => String(measured.others) },
];

/** What was measured of a setting over a broker. */
export interface Row {
  readonly broker: string;
  readonly measured: Measured;
}

/** The measurements as a Markdown table. */
export function table(rows: readonly Row[]): string {
  return markdown(columns, rows);
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function found({ setting, batchSizeLimit, concurrencyLimit }: Measured): string {
  if (!Object.values(setting.env).includes("auto")) return "";
  return `${batchSizeLimit}, ${concurrencyLimit} at a time`;
}
