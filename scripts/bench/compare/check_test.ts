import assert from "node:assert/strict";
import { record, slower } from "./check.ts";
import type { Sample } from "./compare.ts";
import { results, table } from "./table.ts";

function sample(variant: Sample["variant"], count: number): Sample {
  return {
    ...{ variant, count, connections: 32, seconds: 1, p50: 1, p99: 2 },
    ...{ ownCpu: 0.2, serverCpu: 0.1, residentBytes: 2 ** 20 },
  };
}

const rounds = [
  sample("hono", 1_000),
  sample("quorum", 500),
  sample("hono", 2_000),
  sample("quorum", 1_400),
  sample("hono", 1_000),
  sample("quorum", 600),
];

Deno.test("a ratio is the median of the rounds' ratios, not the ratio of medians", () => {
  const [hono, quorum] = results(rounds);
  assert.equal(quorum?.ratioTo.hono, 0.6);
  assert.equal(hono?.perSecond, 1_000);
  assert.match(table(results(rounds)), /\| 32 .*ProxyMQ over RabbitMQ \(quorum.*0\.60/);
});

Deno.test("what has lost more than a quarter of its recorded ratio is said", () => {
  assert.deepEqual(record(results(rounds)), { 32: 0.6 });
  assert.deepEqual(slower(results(rounds), { 32: 0.79 }), []);
  const [sentence] = slower(results(rounds), { 32: 0.81, 256: 1 });
  assert.match(sentence ?? "", /0\.60 of a plain proxy hop; recorded is 0\.81, and 0\.61 /);
});
