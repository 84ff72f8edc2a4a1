import assert from "node:assert/strict";
import { bodiesTable } from "./table.ts";

Deno.test("bodies: a row for each size, with the middle of its rounds", () => {
  const bytes = 2 ** 20;
  const table = bodiesTable([
    { way: "hono", bytes, count: 50, seconds: 2 },
    { way: "bare", bytes, count: 20, seconds: 2 },
    { way: "quorum", bytes, count: 2, seconds: 2 },
    { way: "quorum", bytes, count: 10, seconds: 2 },
    { way: "quorum", bytes, count: 12, seconds: 2 },
    { way: "classic", bytes, count: 20, seconds: 2 },
  ]);
  const [row = ""] = table.split("\n").slice(2);
  assert.deepEqual(row.split("|").map((cell) => cell.trim()).slice(1, -1), [
    ...["1 MiB", "25.0 MiB/s", "10.0 MiB/s", "5.0 MiB/s", "0.50", "0.20", "10.0 MiB/s", "1.00"],
  ]);
});
