import assert from "node:assert/strict";
import type { Round } from "./brokers.ts";
import { ways } from "./places.ts";
import { brokersTable } from "./table.ts";

Deno.test("a row for each broker and number of callers, with the medians", () => {
  const rounds = [1, 32].flatMap((connections) =>
    ways.flatMap((way) =>
      [100, 300, 200].map((count): Round => ({
        ...{ way, connections, count, seconds: 2, p50: count / 100, early: 0 },
        servicesCpu: 0.5,
        serverCpu: way === "sqlite" ? NaN : 0.25,
      }))
    )
  );
  const lines = brokersTable(rounds).split("\n").map((line) => line.split(/ *\| */).slice(1, -1));
  assert.equal(lines.length, 2 + 2 * ways.length);
  assert.deepEqual(lines[2], ["rabbitmq quorum", "1", "100", "2.00 ms", "0.50", "0.25"]);
  assert.deepEqual(lines.at(-1), ["sqlite", "32", "100", "2.00 ms", "0.50", ""]);
});
