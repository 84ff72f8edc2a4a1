import { join } from "node:path";
import { startDequeuer, startEnqueuer } from "../../../tests/process/service_process.ts";
import { startScript } from "../script.ts";
import { cpuSeconds, residentBytes } from "./cpu.ts";
import { type Kind, kinds, type Load } from "./load.ts";
import type { Place } from "./place.ts";

const patience = { timeoutMs: 60_000 };

/** One kind of request in one round. */
export interface Round extends Load {
  readonly kind: Kind;
  /** Seconds of CPU for 1,000 requests, of enqueuer and dequeuer. */
  readonly servicesCpu: number;
  /** The same of the broker's server. */
  readonly serverCpu: number;
  /** Of the enqueuer at the end of the round. */
  readonly residentBytes: number;
}

/** How the rounds are made. */
export interface RoundsOptions {
  readonly rounds: number;
  readonly connections: number;
  /** How long each kind is measured in a round, milliseconds. */
  readonly ms: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/**
 * Sends the kinds of requests in turns, through one enqueuer and one dequeuer, as real processes:
 * whatever else the machine does meanwhile hits all of them.
 */
export async function measureRounds(place: Place, options: RoundsOptions): Promise<Round[]> {
  const { rounds, connections, ms, signal, log } = options;
  const service = "bench-requests";
  await using microservice = startScript(script("microservice.ts"), [], signal);
  const [port] = await microservice.lines(1);
  const env = { BROKER_URL: place.url };
  await using enqueuer = startEnqueuer({ ...env, ENQUEUER_SERVICES: service });
  await using dequeuer = startDequeuer({
    ...env,
    DEQUEUER_SERVICE: service,
    DEQUEUER_TARGET_URL: `http://127.0.0.1:${port}`,
  });
  const [front] = await Promise.all([enqueuer.ready(patience), dequeuer.ready(patience)]);
  const url = `${front}/proxy/${service}/`;
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const kind of kinds) {
      signal.throwIfAborted();
      const services = [enqueuer.pid, dequeuer.pid];
      const before = [cpuSeconds(services), cpuSeconds(place.serverPids)] as const;
      await using callers = startScript(
        script("load.ts"),
        [url, kind, connections, ms].map(String),
        signal,
      );
      const [line = ""] = await callers.lines(1);
      const load: Load = JSON.parse(line);
      // What nobody waits for goes on for a moment.
      await idle(front, service);
      const after = [cpuSeconds(services), cpuSeconds(place.serverPids)] as const;
      const thousands = load.count / 1000;
      const result: Round = {
        ...load,
        kind,
        servicesCpu: (after[0] - before[0]) / thousands,
        serverCpu: (after[1] - before[1]) / thousands,
        residentBytes: residentBytes(enqueuer.pid),
      };
      log(`${place.name}, round ${round}: ${JSON.stringify(result)}`);
      // The first is to warm up.
      if (round > 0) measured.push(result);
    }
  }
  for (const process of [enqueuer, dequeuer]) process.signal("SIGTERM");
  await Promise.all([enqueuer.exited(patience), dequeuer.exited(patience)]);
  return measured;
}

/** Waits until all that was taken before has been run: a request that is taken now is the last. */
async function idle(front: string, service: string): Promise<void> {
  const response = await fetch(`${front}/proxy/${service}/`, {
    method: "POST",
    body: "last",
    headers: { prefer: "wait=120" },
  });
  await response.body?.cancel();
}

function script(name: string): string {
  return join(import.meta.dirname ?? ".", name);
}
