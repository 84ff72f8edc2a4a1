import assert from "node:assert/strict";
import { MessageTooLargeError } from "../../shared/broker/errors.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, caughtUp, enterNew, known, openStore, service, textOf } from "./stores.ts";

export const behaviour: Behaviour = {
  name: "a response over the limit is an error, changes nothing, and the store works on",
  async run(t) {
    const broker = await t.open();
    await using dequeuer = broker.results({ ttlMs: 3_600_000, lookUps: false });
    await using enqueuer = await openStore(t);
    const id = await enterNew(enqueuer);
    const body = new Uint8Array(broker.capabilities.maxMessageBytes + 1);
    const response = { status: 200, headers: {}, body };
    await assert.rejects(
      dequeuer.record({ id, service, state: "succeeded", response }),
      MessageTooLargeError,
    );
    await caughtUp(dequeuer, enqueuer);
    await known(enqueuer, id, { state: "queued" });
    await dequeuer.record({ id, service, state: "failed", response: answer("too large", 502) });
    await known(enqueuer, id, { state: "failed" });
    assert.equal(textOf(await enqueuer.response(id)), "too large");
  },
};
