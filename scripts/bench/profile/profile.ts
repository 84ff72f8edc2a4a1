import { join } from "node:path";
import { startDequeuer, startEnqueuer } from "../../../tests/process/service_process.ts";
import { perSecond } from "../compare/compare.ts";
import type { Seen } from "../compare/load.ts";
import { type BrokerName, openPlace, type PlaceOptions } from "../requests/place.ts";
import { startScript } from "../script.ts";
import { ownTimes, type Spent } from "./own_time.ts";

const patience = { timeoutMs: 60_000 };
/** Nothing is warm before it. */
const warmFrom = 0.4;

/** How it is measured. */
export interface ProfileOptions extends PlaceOptions {
  readonly broker: BrokerName;
  /** How many callers at once. */
  readonly connections: number;
  /** For how long, milliseconds. */
  readonly ms: number;
  /** How long the microservice takes, milliseconds. */
  readonly upstreamMs: number;
  /** How many calls the microservice is to get at once at most. @default the dequeuer's own */
  readonly concurrency?: number;
  /** The size of bodies, bytes. @default a few */
  readonly bytes?: number;
}

/** Where a service has spent its time. */
export interface Profiled extends Spent {
  readonly service: "enqueuer" | "dequeuer";
  readonly connections: number;
}

/** Where enqueuer and dequeuer spend their time, by V8's own profiler. */
export async function benchProfile(options: ProfileOptions): Promise<Profiled[]> {
  const { broker, connections, ms, upstreamMs, concurrency, bytes, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(broker, options));
  const folder = await Deno.makeTempDir({ prefix: "proxymq_bench_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const bench = join(import.meta.dirname ?? ".", "..");
  const upstream = join(bench, "compare/microservice.ts");
  const microservice = stack.use(startScript(upstream, [String(upstreamMs)], signal));
  const [port] = await microservice.lines(1);
  const env = {
    BROKER_URL: place.url,
    ENQUEUER_SERVICES: "bench-profile",
    DEQUEUER_SERVICE: "bench-profile",
    DEQUEUER_TARGET_URL: `http://127.0.0.1:${port}`,
    ...(concurrency === undefined ? {} : { DEQUEUER_CONCURRENCY: String(concurrency) }),
  };
  const profiled = (name: string) => ({
    runtimeArgs: ["--cpu-prof", `--cpu-prof-dir=${join(folder, name)}`],
  });
  const enqueuer = stack.use(startEnqueuer(env, profiled("enqueuer")));
  const dequeuer = stack.use(startDequeuer(env, profiled("dequeuer")));
  const [url] = await Promise.all([enqueuer.ready(patience), dequeuer.ready(patience)]);
  const script = join(bench, bytes === undefined ? "compare/load.ts" : "bodies/caller.ts");
  const numbers = [connections, ms, ...(bytes === undefined ? [] : [bytes])].map(String);
  await using callers = startScript(script, [`${url}/proxy/bench-profile/`, ...numbers], signal);
  const [line = ""] = await callers.lines(1);
  const seen: Pick<Seen, "count" | "seconds"> = JSON.parse(line);
  log(`${connections} at once: ${perSecond(seen)}/s while it was profiled`);
  for (const service of [enqueuer, dequeuer]) service.signal("SIGTERM");
  await Promise.all([enqueuer.exited(patience), dequeuer.exited(patience)]);
  return await Promise.all((["enqueuer", "dequeuer"] as const).map(async (service) => {
    const [file] = await Array.fromAsync(Deno.readDir(join(folder, service)));
    const text = await Deno.readTextFile(join(folder, service, file?.name ?? ""));
    return { service, connections, ...ownTimes(JSON.parse(text), warmFrom) };
  }));
}
