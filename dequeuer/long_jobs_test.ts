import assert from "node:assert/strict";
import { longJobRemark } from "./long_jobs.ts";

const minute = 60_000;

Deno.test("long jobs: no remark where the broker holds back nothing, or not that soon", () => {
  assert.equal(longJobRemark(24 * 60 * minute, { system: "sqlite" }), undefined);
  const rabbitmq = { system: "rabbitmq", maxHoldMs: 30 * minute };
  assert.equal(longJobRemark(5 * minute, rabbitmq), undefined);
  assert.equal(longJobRemark(30 * minute, rabbitmq), undefined);
});

Deno.test("long jobs: the remark says the times and the remedy", () => {
  const remark = longJobRemark(45 * minute, { system: "rabbitmq", maxHoldMs: 30 * minute }) ?? "";
  assert.match(remark, /^DEQUEUER_TIMEOUT allows 45 minutes, .* more than 30 minutes/);
  assert.match(remark, /consumer_timeout above 2700000 /);
});
