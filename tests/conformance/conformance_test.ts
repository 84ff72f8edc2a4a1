/** Runs every behaviour on every broker. */

import assert from "node:assert/strict";
import { brokersUnderTest, eventually, rabbitmqWithPriorities } from "../brokers.ts";
import { testBehaviours, testList } from "../support/behaviour_suite.ts";
import { listQueues } from "../support/rabbitmq_faults.ts";
import { keysWith } from "../support/redis_faults.ts";
import { runId } from "../support/waiting.ts";
import { behaviours, priorityBehaviours } from "./behaviours.ts";

testList("conformance", behaviours);
await testBehaviours(brokersUnderTest, behaviours);
await testBehaviours([rabbitmqWithPriorities], priorityBehaviours);

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
