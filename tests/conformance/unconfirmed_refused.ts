import assert from "node:assert/strict";
import { BrokerUnavailableError } from "../../shared/broker/errors.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { eventually } from "../brokers.ts";
import { type Behaviour, withoutFault } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "what cannot be handed over, because there is no connection, is refused",
  exempt: withoutFault("network"),
  async run(t) {
    await using stack = new AsyncDisposableStack();
    const { url, proxy } = await t.faults?.network?.(stack) ?? assert.fail("no network");
    const queue = t.replyQueue();
    await (await t.open()).declare(queue);
    const responder = stack.use(await openBroker(url, { name: "proxymq-test" }));
    await eventually(() => responder.status.connected);
    proxy.refuse(true);
    proxy.reset();
    await eventually(() => !responder.status.connected);
    for (const confirm of [true, false]) {
      await assert.rejects(
        responder.publish({ queue: queue.name }, [text("answer")], { confirm }),
        BrokerUnavailableError,
        `confirm: ${confirm}`,
      );
    }
  },
};
