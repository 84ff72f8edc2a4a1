/** The faults of `deno task chaos`, in their short versions, on a server that nobody else uses. */

import assert from "node:assert/strict";
import { type OwnServer, startOwnServer } from "../../scripts/chaos/own_server.ts";
import { type BrokerName, isFor, type Scenario } from "../../scripts/chaos/scenario.ts";
import { scenarios } from "../../scripts/chaos/scenarios.ts";
import { runScenario } from "../../scripts/chaos/stand.ts";

const log = () => {};
let server: OwnServer | undefined;

Deno.test.afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const noServer = Deno.env.get("TEST_RABBITMQ_MISSING");

/** What the others show as well. */
const leftOut = ["rabbitmq microservice", "sqlite dequeuers-killed"];

for (const broker of ["rabbitmq", "sqlite"] as const) {
  for (const scenario of scenarios.filter((scenario) => isFor(scenario, broker))) {
    if (leftOut.includes(`${broker} ${scenario.name}`)) continue;
    const missing = broker === "rabbitmq" && noServer || await scenario.missing?.();
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
  if (broker === "rabbitmq") server ??= await startOwnServer({ signal, log });
  const verdict = await runScenario(scenario, {
    broker,
    ...(broker === "rabbitmq" && server ? { server } : {}),
    short: true,
    signal,
    log,
  });
  assert.deepEqual(verdict.failures, [], JSON.stringify(verdict.account));
  assert.ok(verdict.account.right > 100, JSON.stringify(verdict.account));
}
