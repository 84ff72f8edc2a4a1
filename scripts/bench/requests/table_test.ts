import assert from "node:assert/strict";
import type { Round } from "./rounds.ts";
import { kinds } from "./load.ts";
import { tables } from "./table.ts";

Deno.test("a line for each kind of request, the broker's CPU beside that of one that is waited for", () => {
  const rounds = [1, 2, 3].flatMap((n) =>
    kinds.map((kind): Round => ({
      kind,
      count: 3_000,
      seconds: 3,
      p50: 12.34,
      ...(kind === "async" ? { readP50: 2.5 } : {}),
      early: 0,
      servicesCpu: 0.3,
      serverCpu: kind === "sync" ? 0.2 : 0.1 * n,
      residentBytes: n * 2 ** 20,
    }))
  );
  const changes = [{ name: "taken", callerMs: 0.02, serverMs: 0.016, ms: 2 }];
  const lines = tables([{ broker: "rabbitmq", rounds, changes }, {
    broker: "sqlite",
    rounds: [],
    changes,
  }]).split("\n");
  assert.match(lines[2] ?? "", /^\| rabbitmq \| waits .*\| 0\.30 +\| 0\.20 +\| 1\.00 +\|$/);
  assert.match(lines[4] ?? "", /^\| rabbitmq \| 202, and the response fetched +\| 1000 .* 12 ms/);
  assert.match(lines[4] ?? "", /\| 2\.50 ms +\| 0\.30 +\| 0\.20 +\| 1\.00 +\|$/);
  assert.ok(
    lines.some((line) => /^\| rabbitmq \| taken +\| 0\.020 +\| 0\.016 +\| 2\.00 ms/.test(line)),
  );
  assert.ok(lines.some((line) => /^\| sqlite +\| taken +\| 0\.020 +\| +\|/.test(line)));
  assert.ok(
    lines.includes("rabbitmq: after 36000 requests the enqueuer takes 3 MiB, 1 MiB before"),
  );
});
