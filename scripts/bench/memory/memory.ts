import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startVariant } from "../compare/variants.ts";
import type { Seen } from "../compare/load.ts";
import { residentBytes } from "../requests/cpu.ts";
import { openPlace, type PlaceOptions } from "../requests/place.ts";
import { startScript } from "../script.ts";

/** How often is looked. */
const looks = 20;

/** How it is measured. */
export interface MemoryOptions extends PlaceOptions {
  /** How many callers at once. */
  readonly connections: number;
  /** For how long, milliseconds. */
  readonly ms: number;
}

/** The resident memory at one time, bytes. */
export interface Look {
  /** Since the callers began. */
  readonly seconds: number;
  readonly enqueuer: number;
  readonly dequeuer: number;
}

/** What memory enqueuer and dequeuer take under load over time, and what they carried meanwhile. */
export async function benchMemory(
  options: MemoryOptions,
): Promise<{ readonly looks: Look[]; readonly seen: Seen }> {
  const { connections, ms, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace("rabbitmq", options));
  const compare = join(import.meta.dirname ?? ".", "..", "compare");
  const microservice = stack.use(startScript(join(compare, "microservice.ts"), [], signal));
  const [port] = await microservice.lines(1);
  const target = `http://127.0.0.1:${port}`;
  const scene = { target, amqpUrl: place.url, folder: "", signal, log };
  const { call, pids: [enqueuer = 0, dequeuer = 0] } = await startVariant("quorum", scene, stack);
  const taken: Look[] = [];
  const callers = stack.use(call(connections, ms));
  for (let i = 0; i <= looks; i++) {
    const seconds = Math.round(i * ms / looks / 1_000);
    taken.push({ seconds, enqueuer: residentBytes(enqueuer), dequeuer: residentBytes(dequeuer) });
    log(JSON.stringify(taken.at(-1)));
    if (i < looks) await delay(ms / looks, undefined, { signal });
  }
  const [line = ""] = await callers.lines(1);
  return { looks: taken, seen: JSON.parse(line) };
}
