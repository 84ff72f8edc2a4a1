import { join } from "node:path";
import { startDequeuer } from "../../../tests/process/service_process.ts";
import { type BrokerName, openPlace, type PlaceOptions } from "../requests/place.ts";
import { startScript } from "../script.ts";
import type { Fed } from "./feeder.ts";

const patience = { timeoutMs: 60_000 };
/** How long a call takes where dequeuers are added, and how many each makes at once. */
const upstreamMs = 100;
const concurrency = 8;
/** What is not counted after the first reply, milliseconds. */
const settleMs = 3_000;

/** How it is measured. */
export interface ScaleOptions extends PlaceOptions {
  readonly brokers: readonly BrokerName[];
  /** How many requests wait, one after the other. */
  readonly waiting: readonly number[];
  /** How many dequeuers share a queue, one after the other. */
  readonly dequeuers: readonly number[];
  readonly rounds: number;
  /** How long each is measured in a round, milliseconds. */
  readonly ms: number;
}

/** What a queue carried in one round. */
export interface Carried extends Fed {
  readonly broker: BrokerName;
  readonly dequeuers: number;
  /** How many requests waited; undefined where it was as many as kept the dequeuers busy. */
  readonly waiting?: number;
  /** What the microservice allows at most, requests a second. */
  readonly ideal?: number;
}

/**
 * What a queue carries with more and more requests waiting, in front of a microservice that answers at
 * once; and with more and more dequeuers, in front of one that takes its time.
 */
export async function benchScale(options: ScaleOptions): Promise<Carried[]> {
  const carried: Carried[] = [];
  for (const broker of options.brokers) {
    await using place = await openPlace(broker, options);
    for (let round = 1; round <= options.rounds; round++) {
      for (const waiting of options.waiting) {
        const fed = await run(options, place.url, { dequeuers: 1, waiting, upstreamMs: 0 });
        report({ ...fed, broker, dequeuers: 1, waiting });
      }
      for (const dequeuers of options.dequeuers) {
        const waiting = 2 * dequeuers * concurrency;
        const fed = await run(options, place.url, { dequeuers, waiting, upstreamMs, concurrency });
        const ideal = dequeuers * concurrency * 1_000 / upstreamMs;
        report({ ...fed, broker, dequeuers, ideal });
      }
    }
  }
  return carried;

  function report(one: Carried): void {
    options.log(JSON.stringify(one));
    carried.push(one);
  }
}

interface Scene {
  readonly dequeuers: number;
  readonly waiting: number;
  readonly upstreamMs: number;
  readonly concurrency?: number;
}

async function run({ signal, ms }: ScaleOptions, url: string, scene: Scene): Promise<Fed> {
  const { dequeuers, waiting, upstreamMs, concurrency } = scene;
  await using stack = new AsyncDisposableStack();
  const here = import.meta.dirname ?? ".";
  const upstream = join(here, "..", "compare", "microservice.ts");
  const microservice = stack.use(startScript(upstream, [String(upstreamMs)], signal));
  const [port] = await microservice.lines(1);
  const service = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const args = [url, service, ...[waiting, settleMs, ms].map(String)];
  const feeder = stack.use(startScript(join(here, "feeder.ts"), args, signal));
  await feeder.lines(1);
  const started = Array.from({ length: dequeuers }, () =>
    stack.use(startDequeuer({
      BROKER_URL: url,
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: `http://127.0.0.1:${port}`,
      ...(concurrency === undefined ? {} : { DEQUEUER_CONCURRENCY: String(concurrency) }),
    })));
  await Promise.all(started.map((dequeuer) => dequeuer.ready(patience)));
  const [, line = ""] = await feeder.lines(2);
  return JSON.parse(line);
}
