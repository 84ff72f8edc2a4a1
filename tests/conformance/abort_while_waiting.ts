import assert from "node:assert/strict";
import { eventually, within } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";

export const behaviour: Behaviour = {
  name: "aborting ends an iteration that waits, and leaves no consumer",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const abort = new AbortController();
    const { signal } = abort;
    const iterator = broker.consume(queue.name, { prefetch: 1, signal })[Symbol.asyncIterator]();
    const next = iterator.next();
    await eventually(async () => (await broker.stats(queue.name)).consumers === 1);
    abort.abort();
    assert.equal((await within(next, "the end of the iteration")).done, true);
    assert.equal((await within(iterator.next(), "the end, again")).done, true);
    await eventually(async () => (await broker.stats(queue.name)).consumers === 0);

    const late = broker.consume(queue.name, { prefetch: 1, signal })[Symbol.asyncIterator]();
    assert.equal((await within(late.next(), "the end of an aborted one")).done, true);
    await eventually(async () => (await broker.stats(queue.name)).consumers === 0);
  },
};
