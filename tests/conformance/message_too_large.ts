import assert from "node:assert/strict";
import { MessageTooLargeError } from "../../shared/broker/errors.ts";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "headers or a body over the limit are an error, and the handle works on",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name);
    const { maxHeaderBytes, maxMessageBytes } = broker.capabilities;
    const to = { queue: queue.name };
    const name = "x".repeat(100);
    const many = Array.from({ length: Math.ceil(maxHeaderBytes / 100) }, (_, at) => [name + at, 1]);
    for (
      const tooLarge of [
        text("one long header", { headers: { long: "x".repeat(maxHeaderBytes) } }),
        text("many headers", { headers: Object.fromEntries(many) }),
        text("wide characters", { headers: { wide: "漢".repeat(Math.ceil(maxHeaderBytes / 3)) } }),
        { headers: {}, body: new Uint8Array(maxMessageBytes + 1) },
      ]
    ) {
      await assert.rejects(broker.publish(to, [tooLarge]), MessageTooLargeError);
      await assert.rejects(
        broker.publish(to, [tooLarge], { confirm: false }),
        MessageTooLargeError,
      );
    }
    const fits = "x".repeat(Math.min(maxHeaderBytes / 2, 60_000));
    await broker.publish(to, [text("goes on", { headers: { fits } })]);
    const [delivery] = await collector.waitFor(1);
    assert.equal(delivery?.message.headers.fits, fits);
    assert.deepEqual(collector.texts, ["goes on"]);
  },
};
