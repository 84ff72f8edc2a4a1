/** What V8 writes by `--cpu-prof`: nodes of a tree of calls, and which of them each sample was in. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

/** What a function took by itself. */
export interface OwnTime {
  readonly name: string;
  /** Its module and line; empty for what is the runtime's own. */
  readonly where: string;
  /** Of all the time in which the process was not idle, from 0 to 1. */
  readonly share: number;
}

/** Where a process has spent its time. */
export interface Spent {
  /** How much of the time it was idle, from 0 to 1. */
  readonly idle: number;
  /** The most first. */
  readonly functions: readonly OwnTime[];
}

/**
 * What functions took by themselves.
 * @param from the share of the profile that is left out, from its beginning: nothing is warm in it.
 */
export function ownTimes({ nodes, samples, timeDeltas }: CpuProfile, from: number): Spent {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const total = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  const taken = new Map<string, { name: string; where: string; time: number }>();
  let at = 0;
  let idle = 0;
  let busy = 0;
  samples.forEach((sample, i) => {
    const delta = timeDeltas[i] ?? 0;
    at += delta;
    const frame = names.get(sample);
    if (at <= total * from || !frame) return;
    if (frame.functionName === "(idle)") return void (idle += delta);
    busy += delta;
    const name = frame.functionName || "(anonymous)";
    const where = frame.url === "" ? "" : `${module(frame.url)}:${frame.lineNumber + 1}`;
    const key = `${name} ${where}`;
    const one = taken.get(key) ?? { name, where, time: 0 };
    one.time += delta;
    taken.set(key, one);
  });
  const functions = [...taken.values()]
    .map(({ name, where, time }): OwnTime => ({ name, where, share: time / busy }))
    .sort((a, b) => b.share - a.share);
  return { idle: idle / (idle + busy), functions };
}

/** The path of a module in this project, or in its package. */
function module(url: string): string {
  const project = new URL("../../../", import.meta.url).href;
  return url.replace(project, "").replace(/^.*\/registry\.npmjs\.org\//, "");
}
