import { join } from "node:path";
import {
  type ServiceProcess,
  startDequeuer,
  startEnqueuer,
} from "../../../tests/process/service_process.ts";
import { cpuSeconds } from "../requests/cpu.ts";
import type { Load } from "../requests/load.ts";
import { startScript } from "../script.ts";
import { openPlaces, type PlaceOptions, type Way, ways } from "./places.ts";

const patience = { timeoutMs: 60_000 };

/** How it is measured. */
export interface BrokersOptions extends PlaceOptions {
  readonly rounds: number;
  /** How many callers at once, one after the other. */
  readonly connections: readonly number[];
  /** How long each is measured in a round, milliseconds. */
  readonly ms: number;
}

/** One broker in one round. */
export interface Round extends Load {
  readonly way: Way;
  readonly connections: number;
  /** Seconds of CPU for 1,000 requests, of enqueuer and dequeuer. */
  readonly servicesCpu: number;
  /** The same of the broker's server; NaN where there is none, or its process is not known. */
  readonly serverCpu: number;
}

interface Running {
  readonly url: string;
  readonly services: readonly ServiceProcess[];
  readonly serverPid: number | undefined;
}

/**
 * Requests whose callers wait, over each broker in turns: whatever else the machine does meanwhile
 * hits all of them.
 */
export async function benchBrokers(options: BrokersOptions): Promise<Round[]> {
  const { rounds, connections, ms, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const places = stack.use(await openPlaces(options));
  const microservice = stack.use(startScript(requestsScript("microservice.ts"), [], signal));
  const [port] = await microservice.lines(1);
  const running = new Map<Way, Running>();
  for (const way of ways) {
    const { env, serverPid } = places.of(way);
    const service = `bench-${way.replaceAll(" ", "-")}`;
    const enqueuer = stack.use(startEnqueuer({ ...env, ENQUEUER_SERVICES: service }));
    const dequeuer = stack.use(startDequeuer({
      ...env,
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: `http://127.0.0.1:${port}`,
    }));
    const [front] = await Promise.all([enqueuer.ready(patience), dequeuer.ready(patience)]);
    const services = [enqueuer, dequeuer];
    running.set(way, { url: `${front}/proxy/${service}/`, services, serverPid });
  }
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const count of connections) {
      for (const [way, { url, services, serverPid }] of running) {
        signal.throwIfAborted();
        const pids = services.map(({ pid }) => pid);
        const serverPids = [serverPid ?? NaN];
        const before = [cpuSeconds(pids), cpuSeconds(serverPids)] as const;
        await using callers = startScript(
          requestsScript("load.ts"),
          [url, "sync", count, ms].map(String),
          signal,
        );
        const [line = ""] = await callers.lines(1);
        const load: Load = JSON.parse(line);
        const thousands = load.count / 1_000;
        const result: Round = {
          ...load,
          way,
          connections: count,
          servicesCpu: (cpuSeconds(pids) - before[0]) / thousands,
          serverCpu: (cpuSeconds(serverPids) - before[1]) / thousands,
        };
        log(`round ${round}: ${JSON.stringify(result)}`);
        // The first is to warm up.
        if (round > 0) measured.push(result);
      }
    }
  }
  return measured;
}

function requestsScript(name: string): string {
  return join(import.meta.dirname ?? ".", "..", "requests", name);
}
