import { setTimeout as delay } from "node:timers/promises";
import type { Scenario } from "../scenario.ts";

/**
 * RabbitMQ 3.10 keeps nothing of a quorum queue that is younger than a second when it is killed:
 * not its messages, and not its leader.
 */
const settledMs = 2_000;

/** The broker is killed, and started again on the same data. */
export const brokerKilled: Scenario = {
  name: "broker-killed",
  title: "broker killed (SIGKILL) and started again",
  broker: "server",
  async run({ server, short, signal }) {
    for (let times = short ? 1 : 2; times > 0; times--) {
      await delay(settledMs, undefined, { signal });
      await server.kill();
    }
  },
};
