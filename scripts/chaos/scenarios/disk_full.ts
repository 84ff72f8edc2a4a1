import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../../tests/support/waiting.ts";
import type { Scenario } from "../scenario.ts";
import { smallDiskMissing } from "../small_disk.ts";

/** The disk with the database is full, until somebody makes room. */
export const diskFull: Scenario = {
  name: "disk-full",
  title: "disk full",
  broker: "sqlite",
  diskMebibytes: 32,
  missing: smallDiskMissing,
  async run({ disk, load, short, signal }) {
    if (!disk) throw new Error("there is no small disk");
    const told = load.unavailable.length;
    await disk.fill();
    try {
      await eventually(() => load.unavailable.length > told, { timeoutMs: 20_000 });
      await delay(short ? 1_000 : 10_000, undefined, { signal });
    } finally {
      await disk.free();
    }
  },
};
