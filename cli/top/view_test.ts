import assert from "node:assert/strict";
import { answeredByService } from "./answered.ts";
import type { Look } from "./look.ts";
import { view } from "./view.ts";

const orders = { service: "orders", ready: 12, delayed: 3, dead: 0, consumers: 2 };
const looked = (at: number, answered: number, more = {}): Look => ({
  at,
  queues: [{ ...orders, ...more }, { ...orders, service: "thumbnails" }],
  answered: new Map([["orders", answered]]),
});

Deno.test("a line for each service, and what is not known is left open", () => {
  const lines = view(looked(0, 5, { in_flight: 7, oldest_age_ms: 3_400 }));
  assert.deepEqual(lines.map((line) => line.split(/ {2,}/)), [
    ["SERVICE", "READY", "IN FLIGHT", "DELAYED", "DEAD", "OLDEST", "CONSUMERS", "RATE"],
    ["orders", "12", "7", "3", "0", "3s", "2", "-"],
    ["thumbnails", "12", "-", "3", "0", "-", "2", "-"],
  ]);
});

Deno.test("rates are of the time between two looks", () => {
  const rates = (now: Look, before: Look) =>
    view(now, before).slice(1).map((line) => line.split(/ {2,}/).at(-1));
  assert.deepEqual(rates(looked(2_000, 12), looked(0, 5)), ["3.5/s", "0.0/s"]);
  assert.deepEqual(rates(looked(2_000, 2_005), looked(0, 5)), ["1000/s", "0.0/s"]);
  assert.deepEqual(rates(looked(2_000, 1), looked(0, 5)), ["-", "0.0/s"], "it started anew");
});

Deno.test("an enqueuer that knows no service says so", () => {
  assert.match(view({ at: 0, queues: [], answered: new Map() }).join(), /knows no service yet/);
});

Deno.test("what an enqueuer has answered, of each service", () => {
  const metrics = [
    "# TYPE enqueuer_requests_total counter",
    'enqueuer_requests_total{service="orders",method="GET",status="200"} 5',
    'enqueuer_requests_total{service="orders",method="POST",status="504"} 2',
    'enqueuer_requests_total{method="GET",service="mails",status="200"} 1',
    'enqueuer_disconnects_total{service="orders"} 9',
  ].join("\n");
  assert.deepEqual([...answeredByService(metrics)], [["orders", 7], ["mails", 1]]);
});
