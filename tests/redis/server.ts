/** The Redis server that the tests here run against. */

import { brokersUnderTest, type TestBroker } from "../brokers.ts";

/** Where it is. */
export const serverUrl = Deno.env.get("TEST_REDIS_URL") ?? "";

/** A test against the server, ignored with the reason where there is none. */
export function redisTest(name: string, test: (t: TestBroker) => Promise<void>): void {
  const broker = brokersUnderTest.find(({ system }) => system === "redis");
  const missing = broker?.missing;
  Deno.test({
    name: `redis: ${name}${missing ? ` [${missing}]` : ""}`,
    ignore: !broker || missing !== undefined,
    async fn() {
      if (!broker) return;
      await using t = await broker.setUp();
      await test(t);
    },
  });
}
