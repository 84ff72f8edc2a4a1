import assert from "node:assert/strict";
import { eventually, uniqueName } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a topic's message reaches every queue bound to it, each once, and no other",
  async run(t) {
    const broker = await t.open();
    const own = uniqueName("order");
    await broker.publish({ topic: `${own}.paid` }, [text("nobody is bound")]);

    const bindings = {
      exact: [`${own}.paid`],
      word: [`${own}.*`],
      words: [`${own}.#`],
      everything: ["#"],
      twice: [`${own}.*`, `${own}.paid`, `*.paid`],
      other: [`${own}.sent`],
    };
    const came: Record<string, string[]> = {};
    await using stack = new AsyncDisposableStack();
    const queues = Object.entries(bindings).map(([name, topics]) => {
      return { name, spec: t.workQueue({ topics }) };
    });
    for (const { spec } of queues) await broker.declare(spec);
    for (const topic of [own, `${own}.paid`, `${own}.paid.late`]) {
      await broker.publish({ topic }, [text(topic.replace(own, "order"), { correlationId: own })]);
    }
    for (const { name, spec } of queues) {
      // What has not come before this message never will.
      await broker.publish({ queue: spec.name }, [text("end", { correlationId: own })]);
      const collector = stack.use(new Collector(broker, spec.name, { settle: ack }));
      await eventually(() => collector.texts.includes("end"));
      // Other tests' topics reach the queue that is bound to all of them.
      const ours = collector.texts.filter((_, at) =>
        collector.deliveries[at]?.message.correlationId === own
      );
      came[name] = ours.slice(0, -1);
    }
    assert.deepEqual(came, {
      exact: ["order.paid"],
      word: ["order.paid"],
      words: ["order", "order.paid", "order.paid.late"],
      everything: ["order", "order.paid", "order.paid.late"],
      twice: ["order.paid"],
      other: [],
    });
  },
};
