import assert from "node:assert/strict";
import { settings } from "./settings.ts";
import { type Row, table } from "./table.ts";

Deno.test("a line for each measurement; what was found only where it was to be", () => {
  const rows = settings(64).map((setting): Row => ({
    broker: "sqlite",
    measured: {
      setting,
      rate: 1_600.4,
      p50: 39.6,
      p99: 71.2,
      others: 0,
      ofIdeal: 0.5001,
      batchSize: setting.name === "no batches" ? NaN : 61.25,
      concurrencyLimit: 1,
      batchSizeLimit: 64,
    },
  }));
  const [, , first = "", ...others] = table(rows).split("\n");
  assert.match(
    first,
    /^\| sqlite +\| 64 +\| no batches +\| 1600 +\| 50% +\| 40 ms +\| 71 ms +\| +\| +\| 0 +\|$/,
  );
  assert.match(others.at(-1) ?? "", /\| auto, auto .*\| 61\.3 +\| 64, 1 at a time \|/);
});
