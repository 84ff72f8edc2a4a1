import assert from "node:assert/strict";
import { openBroker } from "../../shared/broker/open.ts";
import { texts } from "../conformance/messages.ts";
import { ack, Collector } from "../support/collector.ts";
import { type SendRedis, withRedis } from "../support/redis_faults.ts";
import { eventually, uniqueName } from "../support/waiting.ts";
import { redisTest, serverUrl } from "./server.ts";

redisTest("a client that may not wait does not ask again and again without a pause", async (t) => {
  const admin = await t.open();
  const [queue, reply] = [t.workQueue(), t.replyQueue()];
  await admin.declare(queue);
  const user = uniqueName("user");
  await withRedis(serverUrl, async (send) => {
    await send("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all", "-blpop", "-xread");
    try {
      const url = new URL(serverUrl);
      [url.username, url.password] = [user, "secret"];
      await using broker = await openBroker(url.href, { name: "refused" });
      await broker.declare(reply);
      const before = { blpop: await refused(send, "blpop"), xread: await refused(send, "xread") };
      await using work = new Collector(broker, queue.name, { settle: ack });
      await using _replies = new Collector(broker, reply.name);
      for (const command of ["blpop", "xread"] as const) {
        await eventually(async () => await refused(send, command) > before[command]);
      }
      for (const message of texts("", 50)) await admin.publish({ queue: queue.name }, [message]);
      // It looks all the same.
      await work.waitFor(50);
      for (const command of ["blpop", "xread"] as const) {
        const times = await refused(send, command) - before[command];
        assert.ok(times < 10, `${command}: ${times} times`);
      }
    } finally {
      await send("ACL", "DELUSER", user);
    }
  });
});

/** How often the server has refused a command. */
async function refused(send: SendRedis, command: string): Promise<number> {
  const stats = `${await send("INFO", "commandstats")}`;
  const [, count = "0"] = new RegExp(`^cmdstat_${command}:.*rejected_calls=(\\d+)`, "m")
    .exec(stats) ?? [];
  return Number(count);
}
