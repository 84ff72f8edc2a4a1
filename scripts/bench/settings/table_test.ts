import assert from "node:assert/strict";
import { asShipped } from "./setting.ts";
import { settingsTable } from "./table.ts";

Deno.test("settings: a row for each, beside what is shipped in the same round", () => {
  const classic = { ...asShipped, name: "classic queue" };
  const one = { base: asShipped, connections: 32, seconds: 2, p50: 3, p99: 9, serverCpu: 0.125 };
  const table = settingsTable([
    { ...one, setting: classic, count: 300 },
    { ...one, setting: asShipped, count: 200 },
    { ...one, setting: asShipped, count: 400 },
    { ...one, setting: classic, count: 800 },
    { ...one, setting: asShipped, count: 300 },
    { ...one, setting: classic, count: 300 },
  ]);
  const rows = table.split("\n").slice(2).map((row) =>
    row.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  assert.deepEqual(rows, [
    ["32", asShipped.name, "150", "1.00", "3.0", "0.13"],
    ["32", "classic queue", "150", "1.50", "3.0", "0.13"],
  ]);
});
