import assert from "node:assert/strict";
import type { CancelledRequest } from "../../shared/results/result_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { eventually, within } from "../brokers.ts";
import { among, enterNew, known, openStore, service } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "who listens hears what was cancelled before, at once, and what is cancelled then",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    const ids = await Promise.all(Array.from({ length: 6 }, () => enterNew(one)));
    for (const id of ids) await known(two, id, { state: "queued" });
    const [, , over = "", final = "", third = "", fourth = ""] = ids;
    const until = Date.now() + 60_000;
    const end = new AbortController();
    await using early = await openStore(t, { lookUps: false });
    const none = early.cancelled(end.signal)[Symbol.asyncIterator]();
    const { value: before } = await within(none.next(), "the first group");
    assert.deepEqual(among(ids, before), []);

    for (const id of ids.slice(0, 2)) await one.cancel(id, until);
    await one.cancel(over, Date.now() - 1);
    await early.record({ id: final, service, state: "succeeded" });
    await known(one, final, { state: "succeeded" });
    await one.cancel(final, until);

    await using late = await openStore(t, { lookUps: false });
    const cancelled = late.cancelled(end.signal)[Symbol.asyncIterator]();
    const { value } = await within(cancelled.next(), "the first group");
    const expected = ids.slice(0, 2).sort().map((id) => ({ id, until }));
    assert.deepEqual(among(ids, value), expected);

    const heard: CancelledRequest[] = [];
    const listening = (async () => {
      for (;;) {
        const { done, value } = await cancelled.next();
        if (done) return;
        heard.push(...among(ids, value));
      }
    })();
    await one.cancel(third, until);
    await eventually(() => heard.some(({ id }) => id === third));
    await two.cancel(fourth, until + 1);
    await eventually(() => heard.some(({ id }) => id === fourth));
    assert.deepEqual(heard, [{ id: third, until }, { id: fourth, until: until + 1 }]);
    end.abort();
    await within(listening, "the end of the iteration");
    await within(none.next(), "the end of the other iteration");
  },
};
