import assert from "node:assert/strict";
import { eventually, uniqueName } from "../brokers.ts";
import { rabbitmqctl, rabbitmqTest } from "../rabbitmq/server.ts";
import { testEnqueuer } from "./stack.ts";

rabbitmqTest(
  "an event that one of its queues has no room for is 503, and in the others",
  async (t) => {
    const topic = uniqueName("order");
    const [short, other] = [t.workQueue(), t.workQueue()];
    const broker = await t.open();
    for (const queue of [short, other]) await broker.declare({ ...queue, topics: [topic] });
    await using enqueuer = await testEnqueuer({ BROKER_URL: t.url });
    await enqueuer.ready;
    const url = `${enqueuer.server.url}/publish/${topic}`;
    await rabbitmqctl(
      ...["set_policy", short.name, `^${short.name}$`],
      ...[`{"max-length":1,"overflow":"reject-publish"}`, "--apply-to", "queues"],
    );
    try {
      let published = 0;
      await eventually(async () => {
        published++;
        const response = await fetch(url, { method: "POST", body: "paid" });
        const { type } = await response.json();
        if (response.status === 202) return false;
        assert.equal(response.status, 503);
        assert.equal(type, "urn:proxymq:problem:queue-full");
        assert.ok(Number(response.headers.get("retry-after")) > 0);
        return true;
      });
      await eventually(async () => (await broker.stats(other.name)).ready === published);
      assert.ok((await broker.stats(short.name)).ready < published);
    } finally {
      await rabbitmqctl("clear_policy", short.name);
    }
  },
  { needsCtl: true },
);
