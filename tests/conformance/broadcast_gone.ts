import assert from "node:assert/strict";
import { uniqueName } from "../brokers.ts";
import { Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { text } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "a broadcast to a handle that is gone is no error, and keeps reaching the others",
  async run(t) {
    const [publisher, leaving, staying] = [await t.open(), await t.open(), await t.open()];
    const news = uniqueName("news");
    const [gone, kept] = [
      t.replyQueue({ broadcasts: [news] }),
      t.replyQueue({ broadcasts: [news] }),
    ];
    await leaving.declare(gone);
    await staying.declare(kept);
    await using collector = new Collector(staying, kept.name);
    await publisher.publish({ broadcast: news }, [text("first")]);
    await collector.waitFor(1);
    await leaving[Symbol.asyncDispose]();
    await publisher.publish({ broadcast: news }, [text("second")]);
    await publisher.publish({ broadcast: news }, [text("third")], { confirm: false });
    await collector.waitFor(3);
    assert.deepEqual(collector.texts, ["first", "second", "third"]);

    // The name is free again, and its new holder hears nothing.
    const heir = await t.open();
    await heir.declare({ kind: "reply", name: gone.name });
    await using inherited = new Collector(heir, gone.name);
    await publisher.publish({ broadcast: news }, [text("fourth")]);
    await collector.waitFor(4);
    await publisher.publish({ queue: gone.name }, [text("end")]);
    await inherited.waitFor(1);
    assert.deepEqual(inherited.texts, ["end"]);
  },
};
