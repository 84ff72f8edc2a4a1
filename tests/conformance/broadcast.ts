import assert from "node:assert/strict";
import { uniqueName } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { assertSameMessage, text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a broadcast reaches every reply queue declared with it, each once, and no other",
  async run(t) {
    const [publisher, one, two] = [await t.open(), await t.open(), await t.open()];
    const [news, other, nobody] = ["news", "other", "nobody"].map(uniqueName) as [
      string,
      string,
      string,
    ];
    const unroutable: unknown[] = [];
    const onUnroutable = () => {
      unroutable.push(1);
    };
    for (const confirm of [true, false]) {
      await publisher.publish({ broadcast: nobody }, [text("nobody is there")], {
        confirm,
        onUnroutable,
      });
    }

    const declarations = [
      { broker: one, spec: t.replyQueue({ broadcasts: [news] }), hears: [news] },
      { broker: one, spec: t.replyQueue({ broadcasts: [other] }), hears: [other] },
      { broker: two, spec: t.replyQueue({ broadcasts: [news, other] }), hears: [news, other] },
      { broker: two, spec: t.replyQueue(), hears: [] },
      { broker: publisher, spec: t.replyQueue({ broadcasts: [news] }), hears: [news] },
    ];
    await using stack = new AsyncDisposableStack();
    const receivers = [];
    for (const { broker, spec, hears } of declarations) {
      await broker.declare(spec);
      await broker.declare(spec);
      receivers.push({ spec, hears, collector: stack.use(new Collector(broker, spec.name)) });
    }
    const message = text("x", {
      type: "news",
      correlationId: "id",
      durable: false,
      headers: { at: Date.now() },
    });
    await publisher.publish({ broadcast: news }, [message, text("confirmed")]);
    await publisher.publish({ broadcast: news }, [text("unconfirmed")], {
      confirm: false,
      onUnroutable,
    });
    await one.publish({ broadcast: other }, [text("other")]);
    // What has not come before this message never will.
    for (const { spec } of receivers) await publisher.publish({ queue: spec.name }, [text("end")]);

    for (const { hears, collector } of receivers) {
      const expected = [
        ...(hears.includes(news) ? ["x", "confirmed", "unconfirmed"] : []),
        ...(hears.includes(other) ? ["other"] : []),
        "end",
      ];
      const deliveries = await collector.waitFor(expected.length);
      assert.deepEqual(collector.texts.toSorted(), expected.toSorted());
      const first = deliveries.find(({ message }) => message.correlationId === "id");
      if (hears.includes(news)) assertSameMessage(first?.message ?? text("none"), message);
    }
    assert.deepEqual(unroutable, []);
  },
};
