/** Runs every behaviour on every broker. Where one does not apply, its name says why. */

import assert from "node:assert/strict";
import {
  brokersUnderTest,
  type BrokerUnderTest,
  eventually,
  rabbitmqWithPriorities,
  within,
} from "../brokers.ts";
import { listQueues } from "../support/rabbitmq_faults.ts";
import { keysWith } from "../support/redis_faults.ts";
import { runId } from "../support/waiting.ts";
import type { Declared } from "./behaviour.ts";
import { behaviours, priorityBehaviours } from "./behaviours.ts";

Deno.test("conformance: every behaviour's file is in the list", async () => {
  const helpers = ["behaviour.ts", "behaviours.ts", "messages.ts", "conformance_test.ts"];
  const files = (await Array.fromAsync(Deno.readDir(import.meta.dirname ?? ".")))
    .map(({ name }) => name).filter((name) => !helpers.includes(name));
  assert.equal(behaviours.length, files.length);
});

for (const broker of [...brokersUnderTest, rabbitmqWithPriorities]) {
  const declared = broker.missing === undefined ? await declaredBy(broker) : undefined;
  for (const behaviour of broker === rabbitmqWithPriorities ? priorityBehaviours : behaviours) {
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

const ctl = Deno.env.get("TEST_RABBITMQ_CTL");
Deno.test({
  name: `rabbitmq: the behaviours left no queue${ctl ? "" : " [TEST_RABBITMQ_CTL is not set]"}`,
  ignore: !ctl,
  async fn() {
    const left = (await listQueues(ctl ?? "")).filter((name) => name.includes(runId));
    assert.deepEqual(left, []);
  },
});

const redisUrl = Deno.env.get("TEST_REDIS_URL");
Deno.test({
  name: `redis: the behaviours left no key${redisUrl ? "" : " [TEST_REDIS_URL is not set]"}`,
  ignore: !redisUrl,
  async fn() {
    // Reply queues of handles that lost their connection go with their leases.
    await eventually(async () => {
      assert.deepEqual(await keysWith(redisUrl ?? "", runId), []);
      return true;
    }, { timeoutMs: 20_000 });
  },
});

async function declaredBy(broker: BrokerUnderTest): Promise<Declared> {
  await using t = await broker.setUp();
  const { capabilities } = await t.open();
  return { capabilities, ...(t.faults ? { faults: t.faults } : {}) };
}
