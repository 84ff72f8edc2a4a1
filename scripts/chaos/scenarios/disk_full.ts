import { setTimeout as delay } from "node:timers/promises";
import { until503 } from "../ask.ts";
import type { Scenario } from "../scenario.ts";
import { smallDiskMissing } from "../small_disk.ts";

/** The disk with the database is full, until somebody makes room. */
export const diskFull: Scenario = {
  name: "disk-full",
  title: "disk full",
  broker: "sqlite",
  diskMebibytes: 32,
  missing: smallDiskMissing,
  async run({ disk, url, short, signal }) {
    if (!disk) throw new Error("there is no small disk");
    await disk.fill();
    try {
      await until503(url);
      await delay(short ? 1_000 : 10_000, undefined, { signal });
    } finally {
      await disk.free();
    }
  },
};
