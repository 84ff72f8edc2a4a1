import { join } from "node:path";
import { cpuSeconds, residentBytes } from "../requests/cpu.ts";
import { openPlace } from "../requests/place.ts";
import { startScript } from "../script.ts";
import type { Seen } from "./load.ts";
import { startVariant, type Variant, type VariantName } from "./variants.ts";

/** One variant, with so many callers, in one round. */
export interface Sample extends Seen {
  readonly variant: VariantName;
  readonly connections: number;
  /** Seconds of CPU for 1,000 requests, of its own processes. */
  readonly ownCpu: number;
  /** The same of the broker's server. */
  readonly serverCpu: number;
  /** The memory of its largest process afterwards. */
  readonly residentBytes: number;
}

/** What is compared, and how. */
export interface CompareOptions {
  readonly variants: readonly VariantName[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** How long each is measured in a round, milliseconds. */
  readonly ms: number;
  /** How long the microservice takes, milliseconds. */
  readonly upstreamMs: number;
  readonly concurrency?: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Lets the variants take turns, so that whatever else the machine does hits all of them. */
export async function compare(options: CompareOptions): Promise<Sample[]> {
  const { variants, connections, rounds, ms, upstreamMs, concurrency, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace("rabbitmq", options));
  const folder = await Deno.makeTempDir({ prefix: "proxymq_bench_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const microservice = stack.use(
    startScript(join(import.meta.dirname ?? ".", "microservice.ts"), [String(upstreamMs)], signal),
  );
  const [port] = await microservice.lines(1);
  const scene = {
    target: `http://127.0.0.1:${port}`,
    amqpUrl: place.url,
    folder,
    signal,
    log,
    ...(concurrency === undefined ? {} : { concurrency }),
  };
  const started: Variant[] = [];
  for (const name of variants) started.push(await startVariant(name, scene, stack));
  const samples: Sample[] = [];
  const steps = (rounds + 1) * connections.length * started.length;
  let step = 0;
  for (let round = 0; round <= rounds; round++) {
    for (const count of connections) {
      for (const variant of round % 2 ? started.toReversed() : started) {
        signal.throwIfAborted();
        const sample = await measure(variant, count, ms, place.serverPids);
        log(`${++step}/${steps} ${variant.name}, ${count} at once: ${perSecond(sample)}/s`);
        // The first round is to warm up.
        if (round > 0) samples.push(sample);
      }
    }
  }
  return samples;
}

/** Requests a second. */
export function perSecond({ count, seconds }: Pick<Seen, "count" | "seconds">): number {
  return Math.round(count / seconds);
}

async function measure(
  variant: Variant,
  connections: number,
  ms: number,
  serverPids: readonly number[],
): Promise<Sample> {
  const server = variant.usesServer ? serverPids : [];
  const before = [cpuSeconds(variant.pids), cpuSeconds(server)] as const;
  await using callers = variant.call(connections, ms);
  const [line = ""] = await callers.lines(1);
  const seen: Seen = JSON.parse(line);
  const after = [cpuSeconds(variant.pids), cpuSeconds(server)] as const;
  return {
    ...seen,
    variant: variant.name,
    connections,
    ownCpu: (after[0] - before[0]) / (seen.count / 1_000),
    serverCpu: (after[1] - before[1]) / (seen.count / 1_000),
    residentBytes: Math.max(0, ...variant.pids.map(residentBytes)),
  };
}
