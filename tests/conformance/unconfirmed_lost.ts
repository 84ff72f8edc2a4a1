import assert from "node:assert/strict";
import { openBroker } from "../../shared/broker/open.ts";
import { eventually } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import { type Behaviour, withoutFault } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "unconfirmed messages that went with their connection come by the next one, in their order",
  exempt: withoutFault("network"),
  async run(t) {
    await using stack = new AsyncDisposableStack();
    const { url, proxy } = await t.faults?.network?.(stack) ?? assert.fail("no network");
    const requester = await t.open();
    const queue = t.replyQueue();
    await requester.declare(queue);
    await using replies = new Collector(requester, queue.name);
    let connections = 0;
    const later: Promise<void>[] = [];
    const responder = stack.use(
      await openBroker(url, {
        name: "proxymq-test",
        onStatus({ connected }) {
          if (!connected) return;
          connections++;
          if (connections === 2) later.push(publish("later"));
        },
      }),
    );
    const publish = (body: string) =>
      responder.publish({ queue: queue.name }, [text(body, { messageId: body })], {
        confirm: false,
        onUnroutable: () => {},
      });
    await eventually(() => responder.status.connected);
    await publish("before");
    await replies.waitFor(1);

    proxy.silence();
    for (const body of ["a", "b", "c"]) await publish(body);
    // They were written, and are on their way for good.
    await eventually(() => proxy.swallowed > 0);
    proxy.resume();
    proxy.reset();
    await eventually(() => replies.texts.includes("later"));
    await Promise.all(later);
    assert.deepEqual([...new Set(replies.texts)], ["before", "a", "b", "c", "later"]);
  },
};
