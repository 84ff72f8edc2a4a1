import { setTimeout as delay } from "node:timers/promises";
import { until503 } from "../ask.ts";
import type { Scenario } from "../scenario.ts";

/** Redis has no memory for what is published; what it has is consumed all the same. */
export const memoryFull: Scenario = {
  name: "memory-full",
  title: "memory of the broker full",
  broker: "redis",
  async run({ server, url, short, signal }) {
    await server.ctl("CONFIG", "SET", "maxmemory", "1mb");
    try {
      await until503(url);
      await delay(short ? 500 : 10_000, undefined, { signal });
    } finally {
      await server.ctl("CONFIG", "SET", "maxmemory", "0");
    }
  },
};
