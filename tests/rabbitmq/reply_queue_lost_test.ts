import assert from "node:assert/strict";
import { v4 as uuidv4 } from "uuid";
import { ReplyInbox } from "../../enqueuer/reply_inbox.ts";
import type { Message } from "../../shared/broker/broker.ts";
import { ReplyQueueLostError } from "../../shared/broker/errors.ts";
import { eventually, within } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import { openThroughProxy } from "./proxied.ts";
import { rabbitmqTest } from "./server.ts";

// The same as in a cluster of RabbitMQ 4 whose node has died with the queue.
rabbitmqTest("a reply queue that a dead connection still holds is given up", async (t) => {
  await using stack = new AsyncDisposableStack();
  const { broker, proxy } = await openThroughProxy(stack);
  const queue = t.replyQueue();
  await broker.declare(queue);
  const collector = new Collector(broker, queue.name);
  proxy.orphan();
  await assert.rejects(within(collector.ended, "the end of the iteration"), ReplyQueueLostError);

  // Nobody consumes it any more: it is not declared again with the next connection.
  proxy.reset();
  await eventually(() => !broker.status.connected);
  await eventually(() => broker.status.connected);
  const other = await t.open();
  await other.declare(queue);
});

const noFrames = { receive: () => false };

rabbitmqTest("a reply inbox whose queue was lost goes on with another", async (t) => {
  await using stack = new AsyncDisposableStack();
  const { broker, proxy } = await openThroughProxy(stack);
  const inbox = stack.use(new ReplyInbox(broker, `reply_${uuidv4()}`, noFrames, () => {}));
  await inbox.start();
  const first = inbox.queue;
  proxy.orphan();
  await eventually(() => inbox.declared && inbox.queue !== first);
  assert.match(inbox.queue, /^reply_/);

  const other = await t.open();
  const reply: Message = { correlationId: "1", headers: {}, body: new Uint8Array(1) };
  const came = inbox.expect("1", Date.now() + 10_000);
  await other.publish({ queue: inbox.queue }, [reply]);
  assert.equal((await came)?.correlationId, "1");
});
