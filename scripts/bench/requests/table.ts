import { type Column, markdown } from "../markdown.ts";
import { median } from "../median.ts";
import type { ChangeCost } from "./changes.ts";
import { type Kind, kinds } from "./load.ts";
import type { BrokerName } from "./place.ts";
import type { Round } from "./rounds.ts";

/** What was measured over a broker. */
export interface Measured {
  readonly broker: BrokerName;
  readonly rounds: readonly Round[];
  readonly changes: readonly ChangeCost[];
}

const names: Readonly<Record<Kind, string>> = {
  sync: "waits for its response",
  keyed: "the same, with an `Idempotency-Key`",
  async: "202, and the response fetched",
  unread: "202, and no more",
};

interface KindRow {
  readonly broker: BrokerName;
  readonly kind: Kind;
  readonly median: (of: (round: Round) => number | undefined) => number;
  /** The broker's CPU, as a multiple of what a request takes that is waited for. */
  readonly ofSync: number;
}

const kindColumns: readonly Column<KindRow>[] = [
  { name: "broker", of: ({ broker }) => broker },
  { name: "request", of: ({ kind }) => names[kind] },
  { name: "requests a second", of: ({ median }) => median((r) => r.count / r.seconds).toFixed(0) },
  { name: "p50", of: ({ median }) => ms(median(({ p50 }) => p50)) },
  { name: "p50 of fetching", of: ({ median }) => ms(median(({ readP50 }) => readP50)) },
  {
    name: "CPU s for 1,000: enqueuer and dequeuer",
    of: ({ median }) => median(({ servicesCpu }) => servicesCpu).toFixed(2),
  },
  {
    name: "RabbitMQ",
    of: ({ broker, median }) =>
      broker === "sqlite" ? "" : median(({ serverCpu }) => serverCpu).toFixed(2),
  },
  { name: "of waiting", of: ({ ofSync }) => Number.isFinite(ofSync) ? ofSync.toFixed(2) : "" },
];

interface ChangeRow extends ChangeCost {
  readonly broker: BrokerName;
}

const changeColumns: readonly Column<ChangeRow>[] = [
  { name: "broker", of: ({ broker }) => broker },
  { name: "change", of: ({ name }) => name },
  { name: "CPU ms: ProxyMQ", of: ({ callerMs }) => callerMs.toFixed(3) },
  {
    name: "RabbitMQ",
    of: ({ broker, serverMs }) => broker === "sqlite" ? "" : serverMs.toFixed(3),
  },
  { name: "takes, 32 at once", of: (cost) => ms(cost.ms) },
];

/** The measurements as Markdown tables. */
export function tables(measured: readonly Measured[]): string {
  const kindRows = measured.flatMap(({ broker, rounds }) =>
    kinds.map((kind) => row(broker, kind, rounds))
  );
  const changeRows = measured.flatMap(({ broker, changes }) =>
    changes.map((change) => ({ broker, ...change }))
  );
  return [
    markdown(kindColumns, kindRows),
    "",
    markdown(changeColumns, changeRows),
    "",
    ...measured.map(({ broker, rounds }) => {
      const requests = rounds.reduce((sum, { count }) => sum + count, 0);
      const [first, last] = [rounds.at(0), rounds.at(-1)].map((round) =>
        `${((round?.residentBytes ?? NaN) / 2 ** 20).toFixed(0)} MiB`
      );
      return `${broker}: after ${requests} requests the enqueuer takes ${last}, ${first} before`;
    }),
  ].join("\n");
}

function row(broker: BrokerName, kind: Kind, rounds: readonly Round[]): KindRow {
  const of = (which: Kind) => rounds.filter((round) => round.kind === which);
  const ratios = of(kind).map((round, i) => round.serverCpu / (of("sync")[i]?.serverCpu ?? NaN));
  return {
    broker,
    kind,
    median: (value) => median(of(kind).map((round) => value(round) ?? NaN)),
    ofSync: median(ratios),
  };
}

function ms(value: number): string {
  return Number.isNaN(value) ? "" : `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
