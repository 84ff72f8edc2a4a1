import { join } from "node:path";
import { startDequeuer, startEnqueuer } from "../../../tests/process/service_process.ts";
import { perSecond } from "../compare/compare.ts";
import type { Seen } from "../compare/load.ts";
import { openPlace, type PlaceOptions } from "../requests/place.ts";
import { startScript } from "../script.ts";
import { ownTimes, type Spent } from "./own_time.ts";

const patience = { timeoutMs: 60_000 };
/** Nothing is warm before it. */
const warmFrom = 0.4;

/** How it is measured. */
export interface ProfileOptions extends PlaceOptions {
  /** How many callers at once. */
  readonly connections: number;
  /** For how long, milliseconds. */
  readonly ms: number;
}

/** Where a service has spent its time. */
export interface Profiled extends Spent {
  readonly service: "enqueuer" | "dequeuer";
  readonly connections: number;
}

/** Where enqueuer and dequeuer spend their time over RabbitMQ, by V8's own profiler. */
export async function benchProfile(options: ProfileOptions): Promise<Profiled[]> {
  const { connections, ms, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace("rabbitmq", options));
  const folder = await Deno.makeTempDir({ prefix: "proxymq_bench_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const compare = join(import.meta.dirname ?? ".", "..", "compare");
  const microservice = stack.use(startScript(join(compare, "microservice.ts"), [], signal));
  const [port] = await microservice.lines(1);
  const env = {
    BROKER_URL: place.url,
    ENQUEUER_SERVICES: "bench-profile",
    DEQUEUER_SERVICE: "bench-profile",
    DEQUEUER_TARGET_URL: `http://127.0.0.1:${port}`,
  };
  const profiled = (name: string) => ({
    runtimeArgs: ["--cpu-prof", `--cpu-prof-dir=${join(folder, name)}`],
  });
  const enqueuer = stack.use(startEnqueuer(env, profiled("enqueuer")));
  const dequeuer = stack.use(startDequeuer(env, profiled("dequeuer")));
  const [url] = await Promise.all([enqueuer.ready(patience), dequeuer.ready(patience)]);
  const args = [`${url}/proxy/bench-profile/`, String(connections), String(ms)];
  await using callers = startScript(join(compare, "load.ts"), args, signal);
  const [line = ""] = await callers.lines(1);
  const seen: Seen = JSON.parse(line);
  log(`${connections} at once: ${perSecond(seen)}/s while it was profiled`);
  for (const service of [enqueuer, dequeuer]) service.signal("SIGTERM");
  await Promise.all([enqueuer.exited(patience), dequeuer.exited(patience)]);
  return await Promise.all((["enqueuer", "dequeuer"] as const).map(async (service) => {
    const [file] = await Array.fromAsync(Deno.readDir(join(folder, service)));
    const text = await Deno.readTextFile(join(folder, service, file?.name ?? ""));
    return { service, connections, ...ownTimes(JSON.parse(text), warmFrom) };
  }));
}
