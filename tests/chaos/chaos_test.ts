/** The faults of `deno task chaos`, in their short versions, on a server that nobody else uses. */

import assert from "node:assert/strict";
import { type OwnServer, startOwnServer } from "../../scripts/chaos/own_server.ts";
import { type BrokerName, isFor, type Scenario } from "../../scripts/chaos/scenario.ts";
import { scenarios } from "../../scripts/chaos/scenarios.ts";
import { runScenario } from "../../scripts/chaos/stand.ts";

const log = () => {};
const servers = new Map<BrokerName, OwnServer>();

Deno.test.afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
});

const noServer: Partial<Record<BrokerName, string | undefined>> = {
  rabbitmq: Deno.env.get("TEST_RABBITMQ_MISSING"),
  redis: Deno.env.get("TEST_REDIS_MISSING"),
  kafka: Deno.env.get("TEST_KAFKA_MISSING"),
};

/** What the others show as well. */
const leftOut = [
  "rabbitmq microservice",
  "sqlite dequeuers-killed",
  ...["half-open", "latency", "resets", "network-cut", "dequeuers-killed", "microservice"].map((
    name,
  ) => `redis ${name}`),
  ...["latency", "network-cut", "dequeuers-killed", "microservice"].map((name) => `kafka ${name}`),
];

for (const broker of ["rabbitmq", "redis", "sqlite", "kafka"] as const) {
  for (const scenario of scenarios.filter((scenario) => isFor(scenario, broker))) {
    if (leftOut.includes(`${broker} ${scenario.name}`)) continue;
    const missing = noServer[broker] ?? await scenario.missing?.();
    Deno.test({
      name: `chaos on ${broker}: ${scenario.title}${missing ? ` [${missing}]` : ""}`,
      ignore: missing !== undefined,
      fn: () => run(scenario, broker),
      // The server outlives the test that first needs it.
      sanitizeResources: false,
      sanitizeOps: false,
    });
  }
}

async function run(scenario: Scenario, broker: BrokerName): Promise<void> {
  const signal = AbortSignal.timeout(240_000);
  let server = servers.get(broker);
  if (broker !== "sqlite" && !server) {
    server = await startOwnServer({ broker, signal, log });
    servers.set(broker, server);
  }
  const verdict = await runScenario(scenario, {
    broker,
    ...(server ? { server } : {}),
    short: true,
    signal,
    log,
  });
  assert.deepEqual(verdict.failures, [], JSON.stringify(verdict.account));
  assert.ok(verdict.account.right > 100, JSON.stringify(verdict.account));
}
