import assert from "node:assert/strict";
import { withRedis } from "../support/redis_faults.ts";
import { redisTest, serverUrl } from "./server.ts";

redisTest("what a server's settings may lose is said when a handle connects", async (t) => {
  const settings = { "appendfsync": "everysec", "maxmemory-policy": "allkeys-lru" };
  await withRedis(serverUrl, async (send) => {
    const before: [string, string][] = [];
    try {
      for (const [name, value] of Object.entries(settings)) {
        const found: unknown = await send("CONFIG", "GET", name);
        before.push([name, (found as Record<string, string>)[name] ?? ""]);
        await send("CONFIG", "SET", name, value);
      }
      const broker = await t.open();
      const { warning = "" } = broker.status;
      assert.match(warning, /appendfsync is everysec: .* may be lost/);
      assert.match(warning, /maxmemory-policy is allkeys-lru: queues may be evicted/);
    } finally {
      for (const [name, value] of before) await send("CONFIG", "SET", name, value);
    }
  });
});
