import assert from "node:assert/strict";
import { eventually } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import type { Behaviour } from "./behaviour.ts";
import { texts } from "./messages.ts";

export const behaviour: Behaviour = {
  name: "many handles declare, publish and consume at once",
  async run(t) {
    const queue = t.workQueue();
    const handles = await Promise.all(Array.from({ length: 10 }, () => t.open()));
    await Promise.all(handles.map((handle) => handle.declare(queue)));
    await using stack = new AsyncDisposableStack();
    const collectors = handles.slice(0, 4).map((handle) =>
      stack.use(new Collector(handle, queue.name, { prefetch: 3, settle: ack }))
    );
    await Promise.all(
      handles.map((handle, at) => handle.publish({ queue: queue.name }, texts(`${at}-`, 10))),
    );
    await using last = new Collector(handles[9] ?? await t.open(), queue.name, { settle: ack });
    const all = () => [...collectors, last].flatMap(({ texts }) => texts);
    await eventually(() => all().length >= 100);
    assert.deepEqual(
      all().toSorted(),
      handles.flatMap((_, at) => Array.from({ length: 10 }, (_, n) => `${at}-${n}`)).toSorted(),
    );
  },
};
