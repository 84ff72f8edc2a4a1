import { type Column, markdown } from "../markdown.ts";
import { median } from "../median.ts";
import type { Round } from "./brokers.ts";
import { type Way, ways } from "./places.ts";

interface Row {
  readonly way: Way;
  readonly connections: number;
  readonly of: (value: (round: Round) => number) => number;
}

const columns: readonly Column<Row>[] = [
  { name: "broker", of: ({ way }) => way },
  { name: "callers", of: ({ connections }) => String(connections) },
  {
    name: "requests a second",
    of: ({ of }) => of(({ count, seconds }) => count / seconds).toFixed(0),
  },
  { name: "p50", of: ({ of }) => milliseconds(of(({ p50 }) => p50)) },
  {
    name: "CPU s for 1,000: enqueuer and dequeuer",
    of: ({ of }) => of(({ servicesCpu }) => servicesCpu).toFixed(2),
  },
  {
    name: "server",
    of: ({ of }) => {
      const cpu = of(({ serverCpu }) => serverCpu);
      return Number.isNaN(cpu) ? "" : cpu.toFixed(2);
    },
  },
];

/** The medians of the rounds as a Markdown table. */
export function brokersTable(rounds: readonly Round[]): string {
  const callers = [...new Set(rounds.map(({ connections }) => connections))];
  const rows = callers.flatMap((connections) =>
    ways.map((way): Row => {
      const own = rounds.filter((round) => round.way === way && round.connections === connections);
      return { way, connections, of: (value) => median(own.map(value)) };
    })
  );
  return markdown(columns, rows);
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
