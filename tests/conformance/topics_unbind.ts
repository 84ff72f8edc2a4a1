import assert from "node:assert/strict";
import { uniqueName } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { delayFor, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name:
    "bindings add up, and what a declaration unbinds is bound no longer, with a delay or without",
  async run(t) {
    const [broker, other] = [await t.open(), await t.open()];
    const own = uniqueName("order");
    const { topics: _, ...bare } = t.workQueue();
    const bind = async (topics: string[], unbind?: string[]) => {
      await other.declare({ ...bare, topics, ...(unbind ? { unbind } : {}) });
    };
    let unroutable = 0;
    const publish = (word: string) => {
      const to = { topic: `${own}.${word}` };
      return broker.publish(to, [text(word)], { onUnroutable: () => unroutable++ });
    };

    await broker.declare({ ...bare, topics: [`${own}.paid`] });
    await bind([`${own}.sent`]);
    await using collector = new Collector(broker, bare.name, { settle: ack });
    await publish("paid");
    await publish("sent");
    await collector.waitFor(2);

    await bind([], [`${own}.paid`, `${own}.never.was`]);
    await broker.publish({ topic: `${own}.paid` }, [text("late")], {
      delayMs: delayFor(broker, 100),
    });
    await broker.publish({ queue: bare.name }, [text("later")], {
      delayMs: delayFor(broker, 200),
    });
    await publish("paid");
    await publish("sent");
    await collector.waitFor(4);
    assert.deepEqual(collector.texts, ["paid", "sent", "sent", "later"]);
    assert.equal(unroutable, 1);

    await bind([`${own}.paid`]);
    await publish("paid");
    await collector.waitFor(5);
  },
};
