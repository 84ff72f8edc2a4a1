import { join } from "node:path";
import { startDequeuer } from "../../../tests/process/service_process.ts";
import { startScript } from "../script.ts";
import type { Load } from "./load.ts";
import { ideal, type Setting } from "./settings.ts";

/** How long a process may take to become ready, or to end. */
const patience = { timeoutMs: 60_000 };

/** Where requests go in, and where they are to come out. */
export interface Place {
  readonly brokerUrl: string;
  readonly service: string;
  /** Where the enqueuer takes the service's requests. */
  readonly url: string;
  readonly signal: AbortSignal;
}

/** What was measured of a setting. */
export interface Measured extends Load {
  readonly setting: Setting;
  /** Of what the microservice could answer at most, from 0 to 1. */
  readonly ofIdeal: number;
  /** Requests in a batch, on average. */
  readonly batchSize: number;
  readonly concurrencyLimit: number;
  readonly batchSizeLimit: number;
}

/** Measures one setting with a microservice and a dequeuer of its own, all as real processes. */
export async function measure(place: Place, setting: Setting, ms: number): Promise<Measured> {
  const { brokerUrl, service, url, signal } = place;
  await using microservice = startScript(script("microservice.ts"), [], signal);
  const [port] = await microservice.lines(1);
  await using dequeuer = startDequeuer({
    BROKER_URL: brokerUrl,
    DEQUEUER_SERVICE: service,
    DEQUEUER_TARGET_URL: `http://127.0.0.1:${port}`,
    ...setting.env,
  });
  const back = await dequeuer.ready(patience);
  const args = [url, setting.connections, setting.warmUpMs, ms].map(String);
  await using callers = startScript(script("load.ts"), args, signal);
  const [line = ""] = await callers.lines(1);
  const load: Load = JSON.parse(line);
  const metrics = await (await fetch(`${back}/metrics`)).text();
  const metric = (name: string) =>
    Number(new RegExp(`^dequeuer_${name}(?:\\{.*\\})? (\\S+)$`, "m").exec(metrics)?.[1]);
  dequeuer.signal("SIGTERM");
  await dequeuer.exited(patience);
  return {
    setting,
    ...load,
    ofIdeal: load.rate / ideal(setting.connections),
    batchSize: metric("batch_size_sum") / metric("batch_size_count"),
    concurrencyLimit: metric("concurrency_limit"),
    batchSizeLimit: metric("batch_size_limit"),
  };
}

function script(name: string): string {
  return join(import.meta.dirname ?? ".", name);
}
