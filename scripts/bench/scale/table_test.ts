import assert from "node:assert/strict";
import { scaleTable } from "./table.ts";

Deno.test("scale: a row for each scene, with the middle of its rounds", () => {
  const one = { broker: "rabbitmq", seconds: 2 } as const;
  const table = scaleTable([
    { ...one, dequeuers: 1, waiting: 1_000_000, count: 200 },
    { ...one, dequeuers: 1, waiting: 1_000_000, count: 400 },
    { ...one, dequeuers: 1, waiting: 1_000_000, count: 300 },
    { ...one, dequeuers: 2, ideal: 160, count: 300 },
  ]);
  const rows = table.split("\n").slice(2).map((row) => row.split("|").map((cell) => cell.trim()));
  assert.deepEqual(rows, [
    ["", "rabbitmq", "1,000,000", "1", "150", "", ""],
    ["", "rabbitmq", "", "2", "150", "94%", ""],
  ]);
});
