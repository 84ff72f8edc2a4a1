import assert from "node:assert/strict";
import { connect } from "amqplib";
import { openBroker } from "../../shared/broker/open.ts";
import { eventually, uniqueName } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import { rabbitmqctl, rabbitmqTest, serverUrl } from "./server.ts";

const message = { body: new TextEncoder().encode("news"), headers: {} };

rabbitmqTest(
  "a broadcast disturbs no other publishing, whether or not its exchange is there",
  async (t) => {
    // A virtual host of its own, where no exchange was ever declared.
    const vhost = uniqueName("broadcast");
    await rabbitmqctl("add_vhost", vhost);
    await rabbitmqctl("set_permissions", "-p", vhost, "guest", ".*", ".*", ".*");
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => void await rabbitmqctl("delete_vhost", vhost));
    const url = new URL(vhost, serverUrl).href;
    const publisher = stack.use(await openBroker(url, { name: "proxymq-test" }));
    const queue = t.workQueue();
    await publisher.declare(queue);
    const news = { broadcast: "news" };
    const work = { queue: queue.name };
    await Promise.all([
      publisher.publish(work, [message]),
      publisher.publish(news, [message], { confirm: false }),
      publisher.publish(news, [message]),
      publisher.publish(work, [message], { delayMs: 125 }),
      publisher.publish(work, [message]),
    ]);
    await eventually(async () => (await publisher.stats(queue.name)).ready === 3);

    const administrator = await connect(url);
    stack.defer(() => administrator.close());
    await (await administrator.createChannel()).deleteExchange("proxymq_broadcast");
    await publisher.publish(news, [message], { confirm: false });
    const receiver = stack.use(await openBroker(url, { name: "proxymq-test" }));
    const reply = t.replyQueue({ broadcasts: ["news"] });
    await receiver.declare(reply);
    const heard = stack.use(new Collector(receiver, reply.name));
    await eventually(async () => {
      await publisher.publish(news, [message]);
      return heard.deliveries.length > 0;
    });
    await publisher.publish(work, [message]);
    assert.equal(publisher.status.connected, true);
    await eventually(async () => (await publisher.stats(queue.name)).ready === 4);
  },
  { needsCtl: true },
);
