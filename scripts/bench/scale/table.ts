import { type Column, markdown } from "../markdown.ts";
import { median } from "../median.ts";
import type { Carried } from "./scale.ts";

interface Row {
  readonly first: Carried;
  readonly perSecond: number;
}

const columns: readonly Column<Row>[] = [
  { name: "broker", of: ({ first }) => first.broker },
  { name: "requests waiting", of: ({ first: { waiting } }) => waiting?.toLocaleString("en") ?? "" },
  { name: "dequeuers", of: ({ first }) => String(first.dequeuers) },
  { name: "requests a second", of: ({ perSecond }) => perSecond.toFixed(0) },
  {
    name: "of the ideal",
    of: ({ first: { ideal }, perSecond }) =>
      ideal === undefined ? "" : `${(100 * perSecond / ideal).toFixed(0)}%`,
  },
];

/** The medians of the rounds as a Markdown table. */
export function scaleTable(carried: readonly Carried[]): string {
  const key = ({ broker, waiting, dequeuers }: Carried) => `${broker} ${waiting} ${dequeuers}`;
  const rows = Map.groupBy(carried, key).values().toArray().flatMap((same): Row[] => {
    const [first] = same;
    const rates = same.map(({ count, seconds }) => count / seconds);
    return first ? [{ first, perSecond: median(rates) }] : [];
  });
  return markdown(columns, rows);
}
