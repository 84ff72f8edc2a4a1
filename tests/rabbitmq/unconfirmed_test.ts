import { eventually } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import { openThroughProxy } from "./proxied.ts";
import { rabbitmqTest } from "./server.ts";

rabbitmqTest("a reply that went with its connection comes by the next one", async (t) => {
  await using stack = new AsyncDisposableStack();
  const { broker, proxy } = await openThroughProxy(stack);
  const requester = await t.open();
  const queue = t.replyQueue();
  await requester.declare(queue);
  await using replies = new Collector(requester, queue.name);
  const reply = { correlationId: "1", headers: {}, body: new Uint8Array(1) };

  proxy.silence();
  await broker.publish({ queue: queue.name }, [reply], { confirm: false, onUnroutable: () => {} });
  // Written, and on its way for good.
  await eventually(() => proxy.swallowed > 0);
  proxy.resume();
  proxy.reset();
  await replies.waitFor(1);
});
