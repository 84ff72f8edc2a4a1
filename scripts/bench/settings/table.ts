import { perSecond } from "../compare/compare.ts";
import { type Column, markdown } from "../markdown.ts";
import { median } from "../median.ts";
import { settings } from "./setting.ts";
import type { Called } from "./settings.ts";

interface Row {
  readonly first: Called;
  readonly perSecond: number;
  /** The median of what each round says. */
  readonly ofBase: number;
  readonly p50: number;
  readonly serverCpu: number;
}

const names = settings.flat().map(({ name }) => name);

const columns: readonly Column<Row>[] = [
  { name: "at once", of: ({ first }) => String(first.connections) },
  { name: "setting", of: ({ first }) => first.setting.name },
  { name: "calls a second", of: ({ perSecond }) => perSecond.toFixed(0) },
  { name: "of as shipped", of: ({ ofBase }) => ofBase.toFixed(2) },
  { name: "p50 ms", of: ({ p50 }) => p50.toFixed(1) },
  { name: "RabbitMQ's CPU s for 1,000", of: ({ serverCpu }) => serverCpu.toFixed(2) },
];

/** The medians of the rounds as a Markdown table. */
export function settingsTable(called: readonly Called[]): string {
  const of = (name: string, connections: number) =>
    called.filter((one) => one.setting.name === name && one.connections === connections);
  const key = ({ setting, connections }: Called) => `${connections} ${setting.name}`;
  const rows = Map.groupBy(called, key).values().toArray().flatMap((same): Row[] => {
    const [first] = same;
    if (!first) return [];
    const bases = of(first.base.name, first.connections);
    return [{
      first,
      perSecond: median(same.map(perSecond)),
      ofBase: median(same.map((one, i) => perSecond(one) / perSecond(bases[i] ?? one))),
      p50: median(same.map(({ p50 }) => p50)),
      serverCpu: median(same.map(({ serverCpu }) => serverCpu)),
    }];
  });
  const place = ({ first }: Row) => names.indexOf(first.setting.name);
  rows.sort((a, b) => a.first.connections - b.first.connections || place(a) - place(b));
  return markdown(columns, rows);
}
