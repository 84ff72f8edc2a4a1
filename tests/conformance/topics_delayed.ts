import assert from "node:assert/strict";
import { uniqueName } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { clockFuzzMs, delayFor, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a topic's message published with a delay reaches every queue bound to it after that",
  async run(t) {
    const broker = await t.open();
    const topic = uniqueName("order");
    const [one, two] = [t.workQueue({ topics: [topic] }), t.workQueue({ topics: [topic] })];
    await broker.declare(one);
    await broker.declare(two);
    await using first = new Collector(broker, one.name, { settle: ack });
    await using second = new Collector(broker, two.name, { settle: ack });
    const delayMs = delayFor(broker, 300);
    const start = performance.now();
    await broker.publish({ topic }, [text("later")], { delayMs });
    await first.waitFor(1);
    await second.waitFor(1);
    const took = performance.now() - start;
    assert.ok(took >= delayMs - clockFuzzMs, `${took} ms, sooner than ${delayMs} ms`);
  },
};
