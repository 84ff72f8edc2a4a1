import type { Measured } from "./measure.ts";

const columns: readonly { readonly name: string; readonly of: (row: Row) => string }[] = [
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
  const cells = [
    columns.map(({ name }) => name),
    ...rows.map((row) => columns.map(({ of }) => of(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function found({ setting, batchSizeLimit, concurrencyLimit }: Measured): string {
  if (!Object.values(setting.env).includes("auto")) return "";
  return `${batchSizeLimit}, ${concurrencyLimit} at a time`;
}
