import { setTimeout as delay } from "node:timers/promises";
import { uniqueName } from "../../tests/support/waiting.ts";
import type { BrokerState, DeadLetter, SoakBroker } from "./broker.ts";
import { doFaults, type Fault } from "./faults.ts";
import { type Call, Load } from "./load.ts";
import { startMicroservice } from "./microservice.ts";
import { rabbitmqBroker } from "./rabbitmq_broker.ts";
import { redisBroker } from "./redis_broker.ts";
import { type Ended, Services } from "./services.ts";
import { sqliteBroker } from "./sqlite_broker.ts";

/** How a soak is run. */
export interface SoakOptions {
  readonly requests: number;
  readonly connections: number;
  readonly broker: "rabbitmq" | "redis" | "sqlite";
  readonly restartBroker: boolean;
  readonly signal: AbortSignal;
  /** Takes a line of progress. */
  readonly log: (line: string) => void;
}

/** What a soak has seen. */
export interface SoakResult {
  readonly options: SoakOptions;
  readonly broker: string;
  readonly seconds: number;
  readonly calls: readonly Call[];
  /** When callers were told 503. */
  readonly unavailable: readonly number[];
  readonly faults: readonly Fault[];
  /** How often each request was run, by its path and then by its id. */
  readonly runs: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly deadLetters: readonly DeadLetter[];
  readonly processes: readonly Ended[];
  /** Before the services started, when all was quiet, and after they had ended. */
  readonly states: {
    readonly before: Partial<BrokerState>;
    readonly quiet: BrokerState;
    readonly after: BrokerState;
  };
}

/** How long the broker may take to see what has happened, milliseconds. */
const lookMs = 30_000;

/** Runs a soak. Whatever happens, it leaves nothing running. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { requests, connections, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const service = uniqueName("soak");
  const open =
    { rabbitmq: rabbitmqBroker, redis: redisBroker, sqlite: sqliteBroker }[options.broker];
  const broker = stack.use(await open({ service, restart: options.restartBroker, signal, log }));
  const microservice = stack.use(startMicroservice());
  const before = options.broker !== "sqlite" ? await lookIfDeclared(broker) : {};

  const env = { BROKER_URL: broker.url };
  const services = new Services(stack, env, {
    ...env,
    DEQUEUER_SERVICE: service,
    DEQUEUER_TARGET_URL: microservice.url,
    // Little enough that one dequeuer alone never has all that is in flight.
    DEQUEUER_CONCURRENCY: String(Math.ceil(connections / 4)),
  });
  const front = await services.ready();
  const url = `${front}/proxy/${service}`;
  const load = new Load({ url, requests, connections, signal });
  log(`${requests} requests, ${connections} at once, over ${broker.shown}`);
  const start = performance.now();
  const progress = showProgress(load, log);
  stack.use(progress);
  const [faults] = await Promise.all([doFaults({ load, services, broker }, log), load.run()]);
  progress[Symbol.dispose]();
  const seconds = (performance.now() - start) / 1000;

  log("waiting until all is quiet");
  const quiet = await lookUntil(
    broker,
    ({ ready, unacknowledged = 0, consumers }) => ready + unacknowledged === 0 && consumers === 2,
    signal,
  );
  const processes = await services.end();
  const after = await lookUntil(
    broker,
    ({ consumers, connections = 0, replyQueues = [] }) =>
      consumers === 0 && connections <= (before.connections ?? 0) &&
      replyQueues.length <= (before.replyQueues?.length ?? 0),
    signal,
  );
  return {
    options,
    broker: broker.shown,
    seconds,
    calls: load.calls,
    unavailable: load.unavailable,
    faults,
    runs: microservice.runs,
    deadLetters: await broker.deadLetters(),
    processes,
    states: { before, quiet, after },
  };
}

/** Looks until all is well, or it has had the time to be: a broker sees things with a delay. */
async function lookUntil(
  broker: SoakBroker,
  isWell: (state: BrokerState) => boolean,
  signal: AbortSignal,
): Promise<BrokerState> {
  const deadline = performance.now() + lookMs;
  for (;;) {
    const state = await broker.look();
    if (isWell(state) || performance.now() > deadline) return state;
    await delay(100, undefined, { signal });
  }
}

async function lookIfDeclared(broker: SoakBroker): Promise<Partial<BrokerState>> {
  return await broker.look().catch(() => ({}));
}

function showProgress(load: Load, log: (line: string) => void): Disposable {
  const periodMs = Deno.stdout.isTerminal() ? 1_000 : 5_000;
  let last = 0;
  const timer = setInterval(() => {
    const rate = (load.finished - last) / (periodMs / 1000);
    last = load.finished;
    log(
      `${load.finished} of ${load.requests}, ${rate.toFixed(0)}/s, ${load.inFlight} in flight, ` +
        `503 so far: ${load.unavailable.length}`,
    );
  }, periodMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
