import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { enterNew, known, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "the changes of a request take effect in order: processing, retry, processing, final",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const id = await enterNew(enqueuer);
    const nextAttemptAt = Date.now() + 30_000;
    const changes = [
      { state: "processing", attempt: 1 },
      { state: "queued", attempt: 1, nextAttemptAt, reason: "the service answered 503" },
      { state: "processing", attempt: 2 },
      { state: "dead", attempt: 2, reason: "attempts" },
    ] as const;
    for (const change of changes) {
      await dequeuer.record({ id, service, ...change });
      const record = await known(enqueuer, id, change);
      if (!("reason" in change)) assert.equal(record.reason, undefined);
      if (!("nextAttemptAt" in change)) assert.equal(record.nextAttemptAt, undefined);
      assert.equal(record.status, undefined);
      assert.ok(record.updatedAt >= record.createdAt);
    }

    const ids = await Promise.all(Array.from({ length: 20 }, () => enterNew(enqueuer)));
    await Promise.all(
      ids.flatMap((id) => changes.map((change) => dequeuer.record({ id, service, ...change }))),
    );
    for (const id of ids) await known(enqueuer, id, { state: "dead", attempt: 2 });
  },
};
