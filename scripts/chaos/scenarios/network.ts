import { setTimeout as delay } from "node:timers/promises";
import type { Scenario, ServerStand } from "../scenario.ts";

/** Lets a fault last: in the tests for somewhat more than two heartbeats, else for ten. */
function last({ short, signal }: ServerStand): Promise<void> {
  return delay(short ? 3_000 : 10_000, undefined, { signal });
}

/** The network is cut; what was sent meanwhile comes late, on connections that are given up. */
export const networkCut: Scenario = {
  name: "network-cut",
  title: "network to the broker cut for longer than a heartbeat",
  broker: "network",
  heartbeat: 1,
  async run(stand) {
    stand.proxy.hold();
    await last(stand);
    stand.proxy.release();
  },
};

/** Connections fall silent for good, and neither side is told. */
export const halfOpen: Scenario = {
  name: "half-open",
  title: "connections to the broker half-open",
  broker: "network",
  heartbeat: 1,
  async run(stand) {
    stand.proxy.silence();
    await last(stand);
    stand.proxy.resume();
  },
};

/** The broker is far away. */
export const latency: Scenario = {
  name: "latency",
  title: "200 ms more to the broker and back",
  broker: "network",
  heartbeat: 1,
  async run(stand) {
    stand.proxy.delay(100);
    await last(stand);
    stand.proxy.delay(0);
  },
};

/** All connections are reset each second. */
export const resets: Scenario = {
  name: "resets",
  title: "all connections to the broker reset each second",
  broker: "network",
  async run({ proxy, short, signal }) {
    for (let times = short ? 3 : 10; times > 0; times--) {
      proxy.reset();
      await delay(1_000, undefined, { signal });
    }
  },
};
