import { type Column, markdown } from "../markdown.ts";
import { median } from "../median.ts";
import { perSecond, type Sample } from "./compare.ts";
import { names, type VariantName } from "./variants.ts";

/** What a variant came to with so many callers: medians over the rounds. */
export interface Result {
  readonly variant: VariantName;
  readonly connections: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly ownCpu: number;
  readonly serverCpu: number;
  readonly residentBytes: number;
  /** Its rate as a multiple of another's, the median of what each round says. */
  readonly ratioTo: Readonly<Partial<Record<VariantName, number>>>;
}

/** The results of all variants. */
export function results(samples: readonly Sample[]): Result[] {
  const present = new Set(samples.map(({ variant }) => variant));
  const variants = (Object.keys(names) as VariantName[]).filter((name) => present.has(name));
  const connections = [...new Set(samples.map(({ connections }) => connections))];
  return variants.flatMap((variant) =>
    connections.map((count) => {
      const of = (which: VariantName) =>
        samples.filter((one) => one.variant === which && one.connections === count);
      const own = of(variant);
      const middle = (value: (sample: Sample) => number) => median(own.map(value));
      const ratioTo: Partial<Record<VariantName, number>> = {};
      for (const other of variants) {
        const others = of(other);
        ratioTo[other] = median(
          own.map((one, i) => perSecond(one) / perSecond(others[i] ?? one)),
        );
      }
      return {
        variant,
        connections: count,
        perSecond: middle(perSecond),
        p50: middle(({ p50 }) => p50),
        p99: middle(({ p99 }) => p99),
        ownCpu: middle(({ ownCpu }) => ownCpu),
        serverCpu: middle(({ serverCpu }) => serverCpu),
        residentBytes: middle(({ residentBytes }) => residentBytes),
        ratioTo,
      };
    })
  );
}

const columns: readonly Column<Result>[] = [
  { name: "at once", of: ({ connections }) => String(connections) },
  { name: "way", of: ({ variant }) => names[variant] },
  { name: "a second", of: ({ perSecond }) => String(perSecond) },
  { name: "of hand-written", of: ({ ratioTo }) => factor(ratioTo.handwritten) },
  { name: "of a Hono hop", of: ({ ratioTo }) => factor(ratioTo.hono) },
  { name: "p50 ms", of: ({ p50 }) => p50.toFixed(1) },
  { name: "p99 ms", of: ({ p99 }) => p99.toFixed(1) },
  {
    name: "CPU s for 1,000, front and worker",
    of: ({ variant, ownCpu }) =>
      variant === "direct" || variant === "bare" ? "" : ownCpu.toFixed(2),
  },
  { name: "RabbitMQ", of: ({ serverCpu }) => serverCpu > 0 ? serverCpu.toFixed(2) : "" },
  {
    name: "largest process",
    of: ({ variant, residentBytes }) =>
      variant === "direct" ? "" : `${(residentBytes / 2 ** 20).toFixed(0)} MiB`,
  },
];

/** The results as a Markdown table. */
export function table(all: readonly Result[]): string {
  return markdown(columns, all.toSorted((a, b) => a.connections - b.connections));
}

function factor(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "" : value.toFixed(2);
}
