/** Runs every behaviour on every broker's spools. Where one does not apply, its name says why. */

import assert from "node:assert/strict";
import { brokersUnderTest, type BrokerUnderTest, sqliteApart, within } from "../brokers.ts";
import type { Declared } from "../conformance/behaviour.ts";
import { behaviours } from "./behaviours.ts";

Deno.test("spools: every behaviour's file is in the list", async () => {
  const helpers = ["behaviours.ts", "bodies.ts", "outage.ts", "spools_test.ts"];
  const files = (await Array.fromAsync(Deno.readDir(import.meta.dirname ?? ".")))
    .map(({ name }) => name).filter((name) => !helpers.includes(name));
  assert.equal(behaviours.length, files.length);
});

// The type of the queues makes no difference to the streams.
const stores = [...brokersUnderTest, sqliteApart].filter(({ name }) => name !== "rabbitmq classic");

for (const broker of stores) {
  const declared = broker.missing === undefined ? await declaredBy(broker) : undefined;
  for (const behaviour of behaviours) {
    const exempt = declared ? behaviour.exempt?.(declared) : broker.missing;
    Deno.test({
      name: `${broker.name}: ${behaviour.name}${exempt ? ` [${exempt}]` : ""}`,
      ignore: exempt !== undefined,
      async fn() {
        await using t = await broker.setUp();
        await within(behaviour.run(t), behaviour.name, { timeoutMs: 90_000 });
      },
    });
  }
}

async function declaredBy(broker: BrokerUnderTest): Promise<Declared> {
  await using t = await broker.setUp();
  const { capabilities } = await t.open();
  return { capabilities, ...(t.faults ? { faults: t.faults } : {}) };
}
