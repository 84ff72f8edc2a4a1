import { join } from "node:path";
import { perSecond } from "../compare/compare.ts";
import type { Seen } from "../compare/load.ts";
import { cpuSeconds } from "../requests/cpu.ts";
import { openPlace, type PlaceOptions } from "../requests/place.ts";
import { startScript } from "../script.ts";
import { asShipped, type Setting, settings } from "./setting.ts";

/** How it is measured. */
export interface SettingsOptions extends PlaceOptions {
  /** How many calls at once. */
  readonly connections: readonly number[];
  readonly rounds: number;
  /** How long each is measured in a round, milliseconds. */
  readonly ms: number;
}

/** What calls with a setting came to in one round. */
export interface Called extends Seen {
  readonly setting: Setting;
  /** What it is compared with. */
  readonly base: Setting;
  readonly connections: number;
  /** Seconds of the server's CPU for 1,000 calls. */
  readonly serverCpu: number;
}

/**
 * Calls and replies through RabbitMQ by ProxyMQ's driver and nothing else, with one setting changed at
 * a time, in turns.
 */
export async function benchSettings(options: SettingsOptions): Promise<Called[]> {
  const { connections, rounds, ms, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const { url, serverPids, ctl } = stack.use(await openPlace("rabbitmq", options));
  const here = import.meta.dirname ?? ".";
  const all = settings.flatMap(([base, ...others]) =>
    [base, ...others].map((setting) => ({ base, setting }))
  );
  /** A new connection has the largest frame that the server allows just then. */
  const framed = async <T>({ frameMax }: Setting, then: () => Promise<T>): Promise<T> => {
    if (frameMax === asShipped.frameMax) return await then();
    const allow = (bytes: number) =>
      ctl?.("eval", `application:set_env(rabbit, frame_max, ${bytes}).`);
    await allow(frameMax);
    try {
      return await then();
    } finally {
      await allow(asShipped.frameMax);
    }
  };
  const scenes = [];
  for (const [index, { base, setting }] of all.entries()) {
    const broker = new URL(url);
    broker.searchParams.set("queueType", setting.queueType);
    const json = JSON.stringify(setting);
    const common = [broker.href, `bench_settings_${index}_requests`];
    await framed(setting, async () => {
      const worker = stack.use(startScript(join(here, "worker.ts"), [...common, json], signal));
      await worker.lines(1);
    });
    const call = (count: number) =>
      framed(setting, async (): Promise<Called> => {
        const args = [...common, String(count), String(ms), json];
        const before = cpuSeconds(serverPids);
        await using caller = startScript(join(here, "caller.ts"), args, signal);
        const [line = ""] = await caller.lines(1);
        const seen: Seen = JSON.parse(line);
        const serverCpu = (cpuSeconds(serverPids) - before) / (seen.count / 1_000);
        return { ...seen, setting, base, connections: count, serverCpu };
      });
    scenes.push(call);
  }
  const called: Called[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const count of connections) {
      for (const call of round % 2 ? scenes.toReversed() : scenes) {
        signal.throwIfAborted();
        const one = await call(count);
        log(`round ${round}: ${one.setting.name}, ${count} at once: ${perSecond(one)}/s`);
        // The first round is to warm up.
        if (round > 0) called.push(one);
      }
    }
  }
  return called;
}
