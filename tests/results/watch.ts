import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { take, within } from "../brokers.ts";
import { answer, enterNew, known, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a watch gives the record as it is, each change, and ends with the final state",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const { signal } = new AbortController();
    const id = await enterNew(enqueuer);
    await known(enqueuer, id, { state: "queued" });
    const watch = enqueuer.watch(id, signal)[Symbol.asyncIterator]();
    const next = async () => (await take({ [Symbol.asyncIterator]: () => watch }, 1))[0];
    assert.equal((await next())?.state, "queued");

    await enqueuer.confirm(id);
    const nextAttemptAt = Date.now() + 30_000;
    const changes = [
      { state: "processing", attempt: 1 },
      { state: "queued", attempt: 1, nextAttemptAt, reason: "503" },
      { state: "processing", attempt: 2 },
      { state: "succeeded", attempt: 2, status: 200 },
    ] as const;
    for (const { ...change } of changes) {
      const response = change.state === "succeeded" ? { response: answer("done") } : {};
      await dequeuer.record({ id, service, ...change, ...response });
      let record = await next();
      // That it was confirmed may have come as a change of its own.
      if (change.state === "processing" && record?.state === "queued") record = await next();
      assert.deepEqual({ ...record, ...change }, record);
    }
    assert.equal((await within(watch.next(), "the end of the watch")).done, true);

    const late = enqueuer.watch(id, signal)[Symbol.asyncIterator]();
    const { value } = await within(late.next(), "the final record");
    assert.equal(value?.state, "succeeded");
    assert.equal((await within(late.next(), "the end of the watch")).done, true);
  },
};
