import { setTimeout as delay } from "node:timers/promises";
import type { Scenario, Stand } from "../scenario.ts";

type Kill = (services: Stand["services"]) => Promise<void>;

/** Kills at random moments, so that some come between a reply and its settlement. */
async function killOften({ services, short, signal }: Stand, kills: readonly Kill[]) {
  for (let times = short ? 4 : 30; times > 0; times--) {
    await delay(300 * Math.random(), undefined, { signal });
    await kills[times % kills.length]?.(services);
  }
}

const killDequeuers: readonly Kill[] = [
  (services) => services.replaceDequeuer(0),
  (services) => services.replaceDequeuer(1),
];

/** The dequeuers are killed in turn, again and again. */
export const dequeuersKilled: Scenario = {
  name: "dequeuers-killed",
  title: "dequeuers killed (SIGKILL) at random moments",
  broker: "any",
  run: (stand) => killOften(stand, killDequeuers),
};

/** The enqueuer is killed too, whose callers then see their connections break. */
export const servicesKilled: Scenario = {
  name: "services-killed",
  title: "enqueuer and dequeuers killed (SIGKILL) at random moments",
  broker: "any",
  cutsCallers: true,
  run: (stand) => killOften(stand, [(services) => services.replaceEnqueuer(), ...killDequeuers]),
};
